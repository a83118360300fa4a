"""The facets that products are counted and filtered by, of an index of searches."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from datamesh.models.search import FacetName

type FacetValues = Mapping[FacetName, tuple[str, ...]]
type Combination = tuple[tuple[str, ...], ...]

GROUPS: tuple[tuple[FacetName, ...], ...] = (
    ("domain", "status", "quality", "type"),
    ("owner",),
    ("tag",),
)
"""Facets that are counted in one pass: many products have all of their values in common."""


class FacetGroup:
    """Some facets of all rows: which combination of their values each row has."""

    def __init__(self, facets: tuple[FacetName, ...]) -> None:
        self.facets = facets
        self._numbers: dict[int, int] = {}
        """Row -> number of its combination."""
        self._combinations: list[Combination] = []
        self._known: dict[Combination, int] = {}

    def add_row(self, row: int, values: FacetValues) -> None:
        """Take over the values of a row."""
        combination = tuple(values[facet] for facet in self.facets)
        number = self._known.setdefault(combination, len(self._combinations))
        if number == len(self._combinations):
            self._combinations.append(combination)
        self._numbers[row] = number

    def drop_row(self, row: int) -> None:
        """Forget a row."""
        del self._numbers[row]

    def filter_rows(self, rows: Iterable[int], facet: FacetName, value: str) -> list[int]:
        """Return the rows that have a value, in upper or lower case, in their order."""
        folded, place = value.strip().casefold(), self.facets.index(facet)
        wanted = {
            number
            for number, combination in enumerate(self._combinations)
            if any(each.casefold() == folded for each in combination[place])
        }
        numbers = self._numbers
        return [row for row in rows if numbers[row] in wanted]

    def count_values(self, rows: Iterable[int]) -> dict[FacetName, Counter[str]]:
        """Return how many of the rows have each value of each facet."""
        counts: dict[FacetName, Counter[str]] = {facet: Counter() for facet in self.facets}
        for number, count in Counter(map(self._numbers.__getitem__, rows)).items():
            for counter, values in zip(counts.values(), self._combinations[number], strict=True):
                for value in values:
                    counter[value] += count
        return counts


class FacetIndex:
    """The values of all facets of all rows."""

    def __init__(self) -> None:
        self._groups = [FacetGroup(facets) for facets in GROUPS]
        self._group_of = {facet: group for group in self._groups for facet in group.facets}

    def add_row(self, row: int, values: FacetValues) -> None:
        """Take over the values of a row."""
        for group in self._groups:
            group.add_row(row, values)

    def drop_row(self, row: int) -> None:
        """Forget a row."""
        for group in self._groups:
            group.drop_row(row)

    def filter_rows(
        self, rows: Collection[int], filters: Mapping[FacetName, str]
    ) -> Collection[int]:
        """Return the rows that meet all filters."""
        for facet, value in filters.items():
            rows = self._group_of[facet].filter_rows(rows, facet, value)
        return rows

    def count_values(
        self, rows: Collection[int], filters: Mapping[FacetName, str]
    ) -> dict[FacetName, Counter[str]]:
        """Return how many of the rows have each value of each facet and meet the other filters."""
        met = self.filter_rows(rows, filters)
        counts = {
            facet: counter
            for group in self._groups
            for facet, counter in group.count_values(met).items()
        }
        for facet in filters:
            others = {name: value for name, value in filters.items() if name != facet}
            counted = self._group_of[facet].count_values(self.filter_rows(rows, others))
            counts[facet] = counted[facet]
        return {facet: counts[facet] for facet in get_args(FacetName.__value__)}
