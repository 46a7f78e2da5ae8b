"""Which models there are, and how they come here."""
