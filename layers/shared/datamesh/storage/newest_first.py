"""Names that sort from the newest to the oldest, so that a listing begins with what is new."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST_MICROSECOND = 10**17


def build_start(moment: datetime, later: timedelta = timedelta(0)) -> str:
    """Return what the names of a moment, or so much later, begin with: 17 digits."""
    microseconds = (moment - EPOCH + later) // timedelta(microseconds=1)
    return f"{LAST_MICROSECOND - max(microseconds, 1):017d}"


def parse_start(digits: str) -> datetime:
    """Return the moment of a name that begins with these digits. Raises ValueError."""
    return EPOCH + timedelta(microseconds=LAST_MICROSECOND - int(digits))
