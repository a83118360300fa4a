"""Where a product has what was searched for."""

import re
from collections.abc import Callable, Iterator, Sequence

from datamesh.models.search import MAX_MATCHES, SearchedField, SearchMatch
from datamesh.services.search.product_rows import ProductTextsRow
from datamesh.services.search.words import fold_name, fold_text

WORDS_AROUND = 12
"""How many words of a long text are shown before and after the one that matches."""
MAX_SHOWN = 200
"""How many characters of a text are shown."""


def build_pattern(terms: Sequence[str]) -> re.Pattern[str]:
    """Return the pattern that finds one of the terms in a folded text.

    The terms are those of FTS5: `"day" *` is what begins with `day`, `"day"` the word.
    """
    words = {term.split('"')[1]: False for term in terms}
    words |= {term.split('"')[1]: True for term in terms if term.endswith("*")}
    parts = [re.escape(word) + ("" if longer else r"(?![^\W_])") for word, longer in words.items()]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})")


def list_matches(product: ProductTextsRow, pattern: re.Pattern[str]) -> list[SearchMatch]:
    """Return the first places of a product that match, in the order of what counts most."""
    found: list[SearchMatch] = []
    for match in _find_matches(product, pattern):
        found.append(match)
        if len(found) == MAX_MATCHES:
            break
    return found


def _find_matches(product: ProductTextsRow, pattern: re.Pattern[str]) -> Iterator[SearchMatch]:
    texts: list[tuple[SearchedField, Sequence[str]]] = [
        (SearchedField.NAME, (product.name,)),
        (SearchedField.TITLE, (product.title or "",)),
        (SearchedField.DATASET, product.dataset_names),
        (SearchedField.TAG, product.tags),
        (SearchedField.COLUMN, [*product.schema]),
        (SearchedField.OWNER, (product.owner,)),
        (SearchedField.DESCRIPTION, (product.description,)),
    ]
    for field, candidates in texts:
        for text in _find_texts(candidates, pattern, fold_name):
            yield SearchMatch(field=field, text=cut_around(text, pattern))
    described = product.column_descriptions
    found = {*_find_texts([*described.values()], pattern, fold_text)}
    for column, text in described.items():
        if text in found:
            shown = cut_around(text, pattern)
            yield SearchMatch(field=SearchedField.COLUMN_DESCRIPTION, text=shown, column=column)


def _find_texts(
    texts: Sequence[str], pattern: re.Pattern[str], fold: Callable[[str], str]
) -> Sequence[str]:
    """Return the texts that match. They are folded together: most have no match."""
    together = fold("\n".join(texts))
    if not pattern.search(together):
        return []
    folded = together.split("\n")
    if len(folded) != len(texts):  # one of them has lines
        folded = [fold(text) for text in texts]
    return [text for text, each in zip(texts, folded, strict=True) if pattern.search(each)]


def cut_around(text: str, pattern: re.Pattern[str]) -> str:
    """Return a text, of a long one the words around the first that matches."""
    if len(text) <= MAX_SHOWN:
        return text
    words = text.split()
    place = next((i for i, word in enumerate(words) if pattern.search(fold_text(word))), 0)
    first, last = max(0, place - WORDS_AROUND), place + WORDS_AROUND + 1
    shown = " ".join(words[first:last])
    shown = shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN]
    return f"{'… ' if first else ''}{shown}{' …' if last < len(words) else ''}"
