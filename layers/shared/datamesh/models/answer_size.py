"""The most bytes of an answer, and where a page is cut so that it fits.

Lambda lets a function return 6 MB of JSON (6,291,556 bytes), in which the body of an answer is a
string: each quote and backslash of a text takes two bytes there.
"""

from collections.abc import Iterable

import msgspec

MAX_PAGE_BYTES = 5_000_000
"""The most bytes that a page of a list takes, unless a single item takes more."""
MAX_ANSWER_BYTES = 6_000_000
"""The most bytes that any answer takes. The rest of what Lambda allows is for its headers."""
LONGEST_ESCAPE = 6
"""The most bytes that one byte of text takes in a JSON string: a control character does."""


def measure_text(text: bytes) -> int:
    """Return how many bytes a text in UTF-8 takes in an answer: `{"a":1}` takes 9."""
    return len(msgspec.json.encode(text.decode())) - len('""')


def measure_json(text: bytes) -> int:
    """Return what `measure_text` does of a JSON text, which has no control characters, faster."""
    return len(text) + text.count(b'"') + text.count(b"\\")


def take_page(items: Iterable[bytes]) -> list[bytes]:
    """Return the first of these JSON texts that fit into a page, at least one if there is any.

    No item is asked for after the first that does not fit.
    """
    taken: list[bytes] = []
    size = 0
    for item in items:
        size += len(item) + 1
        if size > MAX_PAGE_BYTES and taken:
            break
        taken.append(item)
    if 2 * size <= MAX_PAGE_BYTES:  # however many quotes it has
        return taken
    left = MAX_PAGE_BYTES
    for count, item in enumerate(taken):
        left -= measure_json(item) + 1
        if left < 0 and count:
            return taken[:count]
    return taken
