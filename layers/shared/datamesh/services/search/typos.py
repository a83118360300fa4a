"""Words that differ from another by one letter."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

SHORTEST_MISTYPED = 4
"""How many letters a word has at least that is taken for mistyped."""
MAX_ALPHABET = 128
"""How many letters are tried at each place; scripts with more have no typing errors of a letter."""


def find_similar(word: str, vocabulary: AbstractSet[str]) -> list[str]:
    """Return the words of a vocabulary that one added, missing, wrong or swapped letter makes.

    They are sorted. A short word, or one whose script has hundreds of letters, has none.

    >>> find_similar("custmer", frozenset({"customer", "costumes"}))
    ['customer']
    """
    if len(word) < SHORTEST_MISTYPED:
        return []
    return sorted({each for each in _list_edits(word) if each in vocabulary} - {word})


def _list_edits(word: str) -> Iterator[str]:
    letters = _list_letters(word)
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in letters:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]


def _list_letters(word: str) -> list[str]:
    """Return the letters of the scripts of a word, with digits."""
    letters = {*"abcdefghijklmnopqrstuvwxyz0123456789"}
    for block in {ord(letter) >> 7 for letter in word if not letter.isascii()}:
        letters |= {chr(code) for code in range(block << 7, (block + 1) << 7) if _is_letter(code)}
    return sorted(letters) if len(letters) <= 2 * MAX_ALPHABET else sorted({*word})


def _is_letter(code: int) -> bool:
    letter = chr(code)
    return letter.isalnum() and letter == letter.casefold()
