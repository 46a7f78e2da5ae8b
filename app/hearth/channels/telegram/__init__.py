"""A pod over Telegram: long polling, so that no port is open, and the hub by its own socket."""
