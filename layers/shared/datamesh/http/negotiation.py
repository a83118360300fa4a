"""Content negotiation: the media type that a client prefers (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from datamesh.errors.requests import NotAcceptable

MAX_RANGES = 50
"""How many ranges of an Accept header are read."""


def choose_media_type(accept: str, offered: Sequence[str]) -> str:
    """Return the offered type with the highest quality; of several, the first.

    `text/csv;q=0.5, */*;q=0.1` with JSON and CSV offered -> `text/csv`.
    Raises NotAcceptable if the client accepts none of them.
    """
    ranges = parse_qualities(accept or "*/*")
    best = max(offered, key=lambda media_type: _find_quality(media_type, ranges))
    if _find_quality(best, ranges) <= 0:
        raise NotAcceptable(f"What can be had is {', '.join(offered)}")
    return best


def parse_qualities(header: str) -> list[tuple[str, float]]:
    """Return what a client names, each with its quality: `text/*;q=0.5` -> `("text/*", 0.5)`."""
    found = []
    for part in header.split(",")[:MAX_RANGES]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        found.append((name, _parse_quality(quality)))
    return found


def _parse_quality(quality: str) -> float:
    try:
        return min(1.0, max(0.0, float(quality)))
    except ValueError:
        return 0.0


def _find_quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the quality of the most specific range that has the type in it; 0 if none has."""
    for wanted in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
