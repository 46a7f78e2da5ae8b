"""The licence gate: what Hearth is built from, against what Hearth accepts."""
