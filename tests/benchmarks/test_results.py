"""The figures of the documents about speed are those that a run has found."""

import json

from benchmarks.measure import Row, Target, at_most, ratio_at_least, ratio_at_most
from benchmarks.modules import MODULES
from benchmarks.results import (
    HEADLINES,
    RESULTS,
    headline_table,
    merge_sections,
    render_documents,
    results,
    table,
    verdict,
)


def test_the_documents_show_the_results() -> None:
    for path, text in render_documents(json.loads(RESULTS.read_text())).items():
        assert path.read_text() == text, f"make bench writes {path.name}"


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


def test_sections_that_are_measured_alone_replace_theirs() -> None:
    cold, cost = MODULES["cold_start"], MODULES["cost"]
    old = {**results({cost: [Row("a bill", "USD", 2)], cold: [Row("it", "ms", 9)]}), "date": "old"}
    merged = merge_sections(old, results({cold: [Row("it", "ms", 5)]}))
    assert merged["dates"] == {cost: "old"}
    assert [line for line in table(merged).splitlines() if "**" in line or "| it" in line] == [
        f"| **{cold}** | | | | | |",
        "| it | 5 ms |  |  |  |  |",
        f"| **{cost}** (old) | | | | | |",
    ]
    assert merge_sections(merged, results({}))["dates"][cost] == "old"


def test_the_headlines() -> None:
    rows = [
        Row(what, "ms", number, 10, "a reference", ratio_at_most(0.3))
        for number, what in enumerate(HEADLINES, 1)
    ]
    found = json.loads(json.dumps(results({"Speed": rows})))
    lines = headline_table(found).splitlines()
    assert len(lines) == 2 + len(HEADLINES)
    assert lines[2].endswith(" | 1 ms | 10 ms: a reference |")
    assert verdict(found).endswith("; 3 of 7 targets are met.")


def test_a_headline_that_was_not_measured_is_left_out() -> None:
    what = next(iter(HEADLINES))
    found = json.loads(json.dumps(results({"Speed": [Row(what, "ms", 1)]})))
    assert headline_table(found).splitlines()[2:] == [f"| {HEADLINES[what]} | 1 ms |  |"]
