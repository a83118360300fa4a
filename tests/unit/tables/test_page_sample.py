"""A sample of the page sequences of `make properties`: few files, all orders, two rows a page.

It fails early where pages lose or repeat rows; the property test finds what it leaves out.
"""

from datetime import datetime
from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from tests.properties.test_pages import TYPES, Example, check_example

SAMPLES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...], tuple[tuple[str, Any], ...]]] = {
    "double": ((1.0, nan, inf), (None, -0.0, -inf, 1.0), (("_lte", inf), ("_ne", 0.0))),
    "text": (("é", "a", None), ("a", "", "A"), (("_gte", "a"), ("_lt", "é"))),
    "decimal9": (
        (Decimal("-0.01"), None, Decimal("9999999.99")),
        (Decimal("0.00"), Decimal("-0.01")),
        (("_gt", Decimal("-0.01")), ("", Decimal("0.00"))),
    ),
    "timestamp": (
        (datetime(2026, 1, 1), None, datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        (datetime(2026, 1, 1), None),
        (("_lt", datetime(2026, 1, 1)), ("_ne", datetime(2026, 1, 1))),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SAMPLES)
def test_pages_are_the_sorted_rows_once_each(kind: str) -> None:
    first, second, filters = SAMPLES[kind]
    files = (("pyarrow", first, 2), ("polars", second, 2))
    check_example(Example(TYPES[kind], files, filters), limits=(2,))
