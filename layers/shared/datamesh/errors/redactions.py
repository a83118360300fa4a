"""Texts that cannot be redacted."""

from datamesh.errors.base import MeshError


class UnredactableText(MeshError):
    """The registry would not be itself without a text; the error names the field first.

    It never names the text.
    """
