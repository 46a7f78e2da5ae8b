"""What a Telegram channel counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

UPDATES = Counter("hearth_telegram_updates_total", "Messages and presses that came.")
FLOODS = Counter("hearth_telegram_floods_total", "Times that Telegram asked for patience.")
REACHED = Gauge("hearth_telegram_reached_timestamp_seconds", "When Telegram last answered a poll.")
REFUSED = Gauge("hearth_telegram_token_refused", "Whether Telegram refuses the bot's token.")
