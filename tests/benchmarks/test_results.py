"""What the README says of speed is what a run has found."""

import json

from benchmarks.measure import Row, Target, at_most, ratio_at_least, ratio_at_most
from benchmarks.results import README, RESULTS, results, table, with_table


def test_the_readme_shows_the_results() -> None:
    readme = README.read_text()
    assert with_table(readme, json.loads(RESULTS.read_text())) == readme, "make bench writes both"


def test_rows_tell_whether_they_meet_their_targets() -> None:
    def met(ours: float, target: Target | None) -> bool | None:
        return Row("it", "ms", ours, 10, "that", target).met

    assert met(5, ratio_at_most(0.5))
    assert not met(5.1, ratio_at_most(0.5))
    assert met(8, ratio_at_least(0.8))
    assert not met(7.9, ratio_at_least(0.8))
    assert met(256, at_most(256))
    assert not met(257, at_most(256))
    assert met(1, None) is None


def test_a_table() -> None:
    rows = [
        Row("it", "ms", 5.126, 1234, "that", ratio_at_most(0.5), "quickly"),
        Row("size", "MB", 300, target=at_most(256)),
    ]
    # As after a run: through JSON.
    shown = table(json.loads(json.dumps(results({"Speed": rows})))).splitlines()
    assert shown[2:] == [
        "| **Speed** | | | | | |",
        "| it | 5.13 ms | 1,234 ms | 0.00415 | ≤ 0.5 | met; against that; quickly |",
        "| size | 300 MB |  |  | ≤ 256 MB | **missed** |",
    ]
