"""The filters of the legacy views."""

from datetime import date

import pytest

from datamesh.errors.requests import InvalidQuery
from datamesh.services.datasets.legacy_views import build_date_range

FIRST, SECOND = date(1997, 1, 1), date(1997, 1, 2)


def test_an_inverted_range_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="start_date 1997-01-02 is after end_date 1997-01-01"):
        build_date_range("day", SECOND, FIRST)
