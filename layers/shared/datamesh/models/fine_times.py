"""Moments and times of day with nanoseconds, which Python's own do not have."""

import re
from datetime import UTC, date, datetime, time
from typing import Self

FINE_DIGITS = re.compile(r"[.][0-9]{6}([0-9]{1,3})")


def find_nanosecond(text: str) -> int:
    """Return the nanoseconds behind the microseconds: `12:00:00.0000017` -> 700."""
    found = FINE_DIGITS.search(text)
    return int(found[1].ljust(3, "0")) if found else 0


class FineTimestamp(datetime):
    """A moment in UTC, with nanoseconds behind its microseconds."""

    nanosecond = 0

    @classmethod
    def combine_with(cls, moment: datetime, nanosecond: int) -> Self:
        """Return the moment with so many nanoseconds more."""
        found = cls.combine(moment.date(), moment.time(), UTC)
        found.nanosecond = nanosecond
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and count_nanoseconds(self) == count_nanoseconds(other)

    def __lt__(self, other: date) -> bool:
        return isinstance(other, datetime) and count_nanoseconds(self) < count_nanoseconds(other)

    def __le__(self, other: date) -> bool:
        return isinstance(other, datetime) and count_nanoseconds(self) <= count_nanoseconds(other)

    def __gt__(self, other: date) -> bool:
        return isinstance(other, datetime) and count_nanoseconds(self) > count_nanoseconds(other)

    def __ge__(self, other: date) -> bool:
        return isinstance(other, datetime) and count_nanoseconds(self) >= count_nanoseconds(other)

    def __hash__(self) -> int:
        return hash(count_nanoseconds(self))

    def __repr__(self) -> str:
        return f"FineTimestamp({count_nanoseconds(self)})"


class FineTime(time):
    """A time of day, with nanoseconds behind its microseconds."""

    nanosecond = 0

    @classmethod
    def combine_with(cls, moment: time, nanosecond: int) -> Self:
        """Return the time with so many nanoseconds more."""
        parts = (moment.hour, moment.minute, moment.second, moment.microsecond)
        found = cls(*parts, tzinfo=moment.tzinfo)
        found.nanosecond = nanosecond
        return found

    def __repr__(self) -> str:
        return f"FineTime({super().__repr__()}, {self.nanosecond})"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def count_nanoseconds(moment: datetime) -> int:
    """Return the nanoseconds since 1970 of a moment in UTC; without a zone it is in UTC too."""
    passed = moment.replace(tzinfo=UTC) - EPOCH
    seconds = passed.days * 86_400 + passed.seconds
    return (seconds * 1_000_000 + passed.microseconds) * 1000 + getattr(moment, "nanosecond", 0)


def write_timestamp(moment: datetime) -> str:
    """Return a moment in UTC as text with nine digits behind the second."""
    nanosecond = getattr(moment, "nanosecond", 0)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}{nanosecond:03}Z"


def write_time(clock: time, *, is_zoned: bool) -> str:
    """Return a time of day as text, with its offset or in UTC without one."""
    nanosecond = getattr(clock, "nanosecond", 0)
    offset = clock.utcoffset()
    if offset and not is_zoned:
        clock = (datetime.combine(EPOCH.date(), clock) - offset).time()
    text = clock.replace(tzinfo=None).isoformat(timespec="microseconds")
    fraction = f"{text}{nanosecond:03}" if nanosecond else text
    return f"{fraction}{clock.strftime('%:z') or '+00'}" if is_zoned else fraction
