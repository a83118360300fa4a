"""Which of the media types that can be had a client prefers (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from datamesh.errors import NotAcceptable

MAX_RANGES = 50


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The offered type of the highest quality, the first of several. Raises NotAcceptable."""
    ranges = _ranges(accept or "*/*")
    best = max(offered, key=lambda media_type: _quality(media_type, ranges))
    if _quality(best, ranges) <= 0:
        raise NotAcceptable(f"What can be had is {', '.join(offered)}")
    return best


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for part in accept.split(",")[:MAX_RANGES]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        found.append((name, _number(quality)))
    return found


def _number(quality: str) -> float:
    try:
        return min(1.0, max(0.0, float(quality)))
    except ValueError:
        return 0.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """That of the most specific range which the type is in."""
    for wanted in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
