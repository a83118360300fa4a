"""Days and moments outside of the years 1 to 9999, which Python's dates do not reach."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import total_ordering

FAR_DATE = re.compile(r"(-[0-9]{4,6}|[0-9]{5,6}|0000)(-[0-9]{2}-[0-9]{2}.*)")
"""ISO 8601 with a year of another length, or with a sign: the year before 1 is 0."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CYCLE_YEARS, CYCLE_DAYS = 400, 146_097
"""The calendar repeats itself."""
MAX_MICROSECONDS = 9_223_000_000_000_000_000
"""DuckDB's timestamps go a little further, to the years -290308 and 294246."""
INFINITIES = {"infinity": 2**63 - 1, "-infinity": -(2**63 - 1)}
"""The days and moments after and before all others, which PostgreSQL and DuckDB have, and what
stands for them."""


def find_infinity(count: int) -> str | None:
    """Return the name of what stands for an infinite moment; None for another number."""
    return next((name for name, at in INFINITIES.items() if at == count), None)


@total_ordering
@dataclass(frozen=True)
class FarMoment:
    """A day or moment that is before or after all of Python's."""

    microseconds: int
    """The microseconds since 1970 in UTC, or one of INFINITIES."""

    @property
    def infinity(self) -> str | None:
        """The name of an infinite moment; None for others."""
        return find_infinity(self.microseconds)

    def __lt__(self, other: object) -> bool:
        if isinstance(other, FarMoment):
            return self.microseconds < other.microseconds
        return self.microseconds < 0 if isinstance(other, date) else NotImplemented


def parse_far_moment(text: str, parse: Callable[[str], datetime]) -> FarMoment | None:
    """Return the day or moment of a text; None for one whose year is 1 to 9999, or without one.

    `parse` reads it with another year, in UTC. Raises ValueError as it does.
    """
    if text in INFINITIES:
        return FarMoment(INFINITIES[text])
    found = FAR_DATE.fullmatch(text)
    if not found or 1 <= int(found[1]) <= datetime.max.year:
        return None
    year = int(found[1])
    near = 2000 + year % CYCLE_YEARS
    days = (year - near) // CYCLE_YEARS * CYCLE_DAYS
    microseconds = (parse(f"{near}{found[2]}") - EPOCH) // timedelta(microseconds=1)
    microseconds += days * 86_400_000_000
    if abs(microseconds) > MAX_MICROSECONDS:
        raise ValueError
    return FarMoment(microseconds)
