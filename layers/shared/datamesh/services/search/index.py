"""The index of searches: the texts of products in SQLite's FTS5, in memory.

docs/adr/0042-search.md says why SQLite, and which.
"""

from bisect import bisect_left
from collections.abc import Sequence

import apsw

from datamesh.models.products import ProductStatus
from datamesh.services.search.facets import FacetIndex
from datamesh.services.search.product_rows import read_texts_row
from datamesh.services.search.typos import find_similar
from datamesh.services.search.words import (
    SHORTEST_LAST_PREFIX,
    SHORTEST_PREFIX,
    list_singulars,
    normalise_name,
)
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

WEIGHTS = (10.0, 8.0, 4.0, 4.0, 2.0, 4.0, 2.0, 1.0)
"""How much a word counts in each `SearchedField`."""
_CREATE = """
CREATE VIRTUAL TABLE texts USING fts5(
    name, title, dataset, tag, owner, "column", description, column_description,
    content='', contentless_delete=1, detail=full,
    tokenize="unicode61 remove_diacritics 0", prefix='3'
);
CREATE VIRTUAL TABLE words USING fts5vocab(texts, 'row');
"""
_INSERT = (
    'INSERT INTO texts(rowid, name, title, dataset, tag, owner, "column", description,'
    " column_description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FIND = f"SELECT rowid, bm25(texts, {', '.join(map(str, WEIGHTS))}) FROM texts WHERE texts MATCH ?"
_INSERT_EMPTY = "INSERT INTO texts(rowid, name) VALUES (?, '')"
"""A word that more than half of all rows have counts for nothing in FTS5's bm25. In a registry of a
dozen products that would be most: beside each product stands a row that has no word."""
_HAS_WORD = "SELECT 1 FROM words WHERE term >= ? AND term < ? LIMIT 1"
_OPEN_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX
"""The database has no locks: one request at a time searches, which takes a twentieth less so."""
_LAST = "\U0010ffff"


class SearchIndex:
    """The products of one version of `products.json`, as searches see them.

    A row is a number that a product keeps while the index lives.
    """

    def __init__(self) -> None:
        self._db = apsw.Connection(":memory:", flags=_OPEN_FLAGS)
        self._db.execute(_CREATE)
        self._digests: dict[str, int] = {}
        """Name -> hash of the JSON that the row was made of."""
        self._rows: dict[str, int] = {}
        self.names: dict[int, str] = {}
        """Row -> name of its product, oldest registration first."""
        self.facets = FacetIndex()
        self.updated: dict[int, float] = {}
        """Row -> when its product was changed last, in seconds."""
        self.normalised: dict[int, str] = {}
        """Row -> name, normalised."""
        self.dropped: set[int] = set()
        self.inactive: set[int] = set()
        self._called: dict[str, tuple[int, ...]] = {}
        """Normalised name or title, or name of a dataset -> its rows, and some that are gone."""
        self._sorted_names: list[tuple[str, int]] | None = None
        """Names as questions are compared with them, each with its row, sorted."""
        self._vocabulary: frozenset[str] | None = None
        self._next_row = 1

    def update(self, file: ProductsFile) -> None:
        """Take over the products of a file; only those that differ cost more than a comparison.

        Raises StorageUnavailable if the file holds what cannot be read.
        """
        digests = {name: hash(bytes(each.json)) for name, each in file.products.items()}
        gone = [name for name, digest in self._digests.items() if digests.get(name) != digest]
        new = [name for name, digest in digests.items() if self._digests.get(name) != digest]
        if not gone and not new:
            return
        with self._db:
            for name in gone:
                self._drop_row(name)
            self._db.executemany(_INSERT, (self._add_row(file.products[name]) for name in new))
            self._db.executemany(_INSERT_EMPTY, ((-self._rows[name],) for name in new))
        self._digests = digests
        self.names = {self._rows[name]: name for name in digests}
        self._vocabulary = None
        self._sorted_names = None

    def find_rows(self, terms: Sequence[str]) -> dict[int, float]:
        """Return the rows that have any of the terms: row -> score, the lower the better."""
        if not terms:
            return {}
        return dict(self._db.execute(_FIND, (" OR ".join(terms),)))

    def list_terms(self, words: Sequence[str]) -> list[str]:
        """Return what is looked for, as FTS5 has it: `"day"` and `"day" *` of the word `day`.

        A word that nothing begins with is taken for mistyped.
        """
        return [
            term
            for word in words
            for term in self._list_word_terms(word, is_last=word == words[-1])
        ]

    def find_called(self, name: str) -> set[int]:
        """Return the rows of the products that are called so, or that are a dataset called so."""
        rows = self._called.get(normalise_name(name), ())
        return {row for row in rows if row in self.names}

    def find_begun(self, beginning: str) -> set[int]:
        """Return the rows of the products whose normalised name begins so."""
        if self._sorted_names is None:
            self._sorted_names = sorted((name, row) for row, name in self.normalised.items())
        names = self._sorted_names
        first, end = bisect_left(names, (beginning,)), bisect_left(names, (beginning + _LAST,))
        return {row for _, row in names[first:end]}

    def _list_word_terms(self, word: str, *, is_last: bool) -> list[str]:
        if len(word) < (SHORTEST_LAST_PREFIX if is_last else SHORTEST_PREFIX):
            return [_quote(word)]
        beginnings = [each for each in list_singulars(word) if self._has_word(each)]
        if not any(word.startswith(each) for each in beginnings):
            beginnings.append(word)
        if not beginnings[:-1] and not self._has_word(word):
            beginnings = find_similar(word, self._read_vocabulary()) or [word]
        return [_quote(word), *(_quote(each) + " *" for each in beginnings)]

    def _has_word(self, beginning: str) -> bool:
        bounds = (beginning, beginning + _LAST)
        return self._db.execute(_HAS_WORD, bounds).fetchone() is not None

    def _read_vocabulary(self) -> frozenset[str]:
        if self._vocabulary is None:
            terms = [term for (term,) in self._db.execute("SELECT term FROM words")]
            singulars = (each for term in terms for each in list_singulars(term))
            self._vocabulary = frozenset((*terms, *singulars))
        return self._vocabulary

    def _add_row(self, product: ProductRecord) -> tuple[int | str, ...]:
        row = read_texts_row(product)
        number = self._rows[row.name] = self._next_row
        self._next_row += 1
        self.facets.add_row(number, row.list_facets())
        for name in row.list_names():
            known = (each for each in self._called.get(name, ()) if each in self.updated)
            self._called[name] = (*known, number)
        self.updated[number] = product.updated_at.timestamp()
        self.normalised[number] = normalise_name(row.name)
        if product.dropped_at is not None:
            self.dropped.add(number)
        if product.status is not ProductStatus.ACTIVE:
            self.inactive.add(number)
        return (number, *row.list_texts())

    def _drop_row(self, name: str) -> None:
        number = self._rows.pop(name)
        self._db.execute("DELETE FROM texts WHERE rowid IN (?, ?)", (number, -number))
        self.facets.drop_row(number)
        del self.updated[number], self.normalised[number]
        self.dropped.discard(number)
        self.inactive.discard(number)


def _quote(word: str) -> str:
    return f'"{word}"'
