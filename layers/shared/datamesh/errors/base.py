"""The base of all errors, and settings that are wrong."""


class MeshError(Exception):
    """Base of every error that a caller of the API may see. Its text is the caller's message."""


class InvalidSettings(MeshError):
    """An environment variable has a bad value; the text names the variable."""
