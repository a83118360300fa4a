"""Spans of time as ISO 8601 writes them: `PT24H`, `P1DT12H`, `P7Y`."""

import re
from datetime import timedelta

DURATION_PATTERN = (
    r"^P(?=.)([0-9]{1,5}Y)?([0-9]{1,5}M)?([0-9]{1,5}W)?([0-9]{1,5}D)?"
    r"(T(?=.)([0-9]{1,5}H)?([0-9]{1,5}M)?([0-9]{1,5}S)?)?$"
)
_PARTS = re.compile(DURATION_PATTERN)
_SECONDS = {
    1: 365 * 86_400,
    2: 30 * 86_400,
    3: 7 * 86_400,
    4: 86_400,
    6: 3600,
    7: 60,
    8: 1,
}
"""Group of the pattern -> the seconds of one: a year has 365 days, a month 30."""


def parse_duration(text: str) -> timedelta:
    """Return a span: `P1DT12H` -> 36 hours. Raises ValueError if it is none of ISO 8601."""
    found = _PARTS.match(text)
    if not found or not text[-1].isalpha():
        raise ValueError("must be a duration of ISO 8601, such as PT24H or P7D")
    seconds = sum(int(found[group][:-1]) * each for group, each in _SECONDS.items() if found[group])
    return timedelta(seconds=seconds)


def check_duration(text: str) -> str:
    """Return the text. Raises ValueError if it is no duration, or one of no time."""
    if not parse_duration(text):
        raise ValueError("must be longer than no time")
    return text
