"""The OpenAI-compatible API: from HTTP to a generation and back."""
