"""The cost of an anonymous caller is what was counted, times the list prices."""

import pytest

from benchmarks.anonymous_caller import Request, build_rows, read_rate
from benchmarks.results import HEADLINES

DEAR = Request(status=200, files=546, gets=547, lists=1, seconds=1, sent_bytes=1000)
CHEAP = Request(status=200, files=31, gets=32, lists=1, seconds=0.25, sent_bytes=1000)
REFUSED = Request(status=413, files=0, gets=1, lists=1, seconds=0.1, sent_bytes=300)


def test_a_million_requests_cost_each_of_their_parts() -> None:
    parts = {
        "HTTP API": 1.00,
        "Lambda requests": 0.20,
        "Lambda, 1 GB for a second": 13.3334,
        "GETs": 547 * 0.4,
        "a LIST": 5.00,
        "1 GB sent": 0.09,
    }
    assert DEAR.dollars(1_000_000) == pytest.approx(sum(parts.values()))


def test_a_day_is_compared_with_the_same_day_without_the_bounds() -> None:
    answered, refused, longest = build_rows(DEAR, CHEAP, REFUSED)
    number = 100 * 24 * 3600
    assert read_rate() == 100
    assert answered.ours == pytest.approx(CHEAP.dollars(number))
    assert answered.reference == refused.reference == pytest.approx(DEAR.dollars(number))
    assert answered.met
    assert answered.what in HEADLINES
    assert refused.ours == pytest.approx(REFUSED.dollars(number))
    # 5 and 15 seconds more, of 1 GB.
    assert longest.ours == pytest.approx(answered.ours + 5 * number * 0.0000133334)
    assert longest.reference == pytest.approx(DEAR.dollars(number) + 15 * number * 0.0000133334)
