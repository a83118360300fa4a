"""The values that every service shares."""

from datetime import UTC, datetime, timedelta

from datamesh.models.values import utc_now


def test_now_is_in_utc_and_says_so() -> None:
    now = utc_now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
