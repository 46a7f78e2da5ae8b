"""The words that every part of Hearth shares. No I/O here."""
