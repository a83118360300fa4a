"""Markers: what stands in the place of a text that was redacted (docs/adr/0034-redaction.md)."""

MARKER = "[redacted]"

PLAIN_MARKER = "redacted"
"""Stands where brackets would be read as a list, or are not taken: in YAML, and in locations."""
