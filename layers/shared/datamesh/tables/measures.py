"""The groups of rows, and the measures that are computed of each."""

from dataclasses import dataclass
from enum import StrEnum

MAX_GROUPS = 10_000
"""How many groups one query may have."""


class Aggregate(StrEnum):
    """The functions of measures, as parameters and SQL name them."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


EXTREMES = (Aggregate.MIN, Aggregate.MAX)


@dataclass(frozen=True)
class Measure:
    """A value that is computed of the rows of a group."""

    aggregate: Aggregate
    column: str = ""
    """The column whose values it is computed of; empty for the number of rows."""

    @property
    def name(self) -> str:
        """The name of the result's column: `sum_amount`, or `count`."""
        return f"{self.aggregate}_{self.column}" if self.column else str(self.aggregate)


@dataclass(frozen=True)
class Aggregation:
    """The columns that rows are grouped by, and what is computed of each group.

    Without columns, all rows are one group, also if there are none.
    """

    group_by: tuple[str, ...]
    measures: tuple[Measure, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the result's columns."""
        return (*self.group_by, *(each.name for each in self.measures))
