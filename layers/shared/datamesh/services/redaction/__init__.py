"""Texts that are removed from the registry and its past (docs/adr/0034-redaction.md)."""
