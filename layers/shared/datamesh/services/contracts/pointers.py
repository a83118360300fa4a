"""JSON pointers of what a document has (RFC 6901)."""

from collections.abc import Sequence


def build_pointer(path: Sequence[str | int]) -> str:
    """Return the JSON pointer of a path (RFC 6901): `("a/b", 0)` -> `/a~1b/0`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
