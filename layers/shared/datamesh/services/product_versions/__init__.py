"""Versions of products: every change of what a product promises (docs/adr/0040-versions.md)."""
