"""Durations of service levels, as seconds."""

import re
from decimal import Decimal, InvalidOperation

ISO_8601 = re.compile(
    r"P(?=[0-9]|T[0-9])"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)Y)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)M)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)W)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)H)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?"
)
DAY = 86_400
SECONDS = (365 * DAY, 30 * DAY, 7 * DAY, DAY, 3600, 60, 1)
"""A year and a month, too, have one length here, as in datacontract-cli."""
UNITS = {
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * DAY),
    **dict.fromkeys(("mo", "month", "months"), 30 * DAY),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
}
"""Unit of a number -> its seconds. `m` is a minute, for nobody promises data of the last month."""


def measure_duration(value: object, unit: object = None) -> Decimal:
    """Return the seconds of a duration: `P1DT12H`, or a number with a unit, by default days.

    Raises ValueError, whose text says what it must be.
    """
    if isinstance(value, str) and (match := ISO_8601.fullmatch(value.strip().upper())):
        parts = zip(match.groups(), SECONDS, strict=True)
        return sum((Decimal(each) * seconds for each, seconds in parts if each), Decimal(0))
    length = UNITS.get(str(unit or "d").strip().lower())
    if length is None:
        raise ValueError("the unit must be one of y, mo, w, d, h, m and s")
    try:
        number = Decimal(str(value).strip()) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number < 10**9:
        raise ValueError("the value must be a number below 1,000,000,000, or an ISO 8601 duration")
    return number * length
