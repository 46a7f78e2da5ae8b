"""Consistent copies, the backup of them, and the way back."""
