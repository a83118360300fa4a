"""Reads `template.yaml`: what the local API serves is what SAM would deploy."""
