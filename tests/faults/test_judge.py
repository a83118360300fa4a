"""The judge, on runs whose verdict is known; and that plans are what their seed says."""

from itertools import islice

import pytest

from tests.faults.judge import Outcome, ReportedCommit, Verdict, judge
from tests.faults.plans import DRAWN, Kind, Plan

A = ReportedCommit("a", Outcome.ACKNOWLEDGED, 0)
B = ReportedCommit("b", Outcome.ACKNOWLEDGED, 1)
REFUSED = ReportedCommit("r", Outcome.REFUSED)
UNKNOWN = ReportedCommit("u", Outcome.UNKNOWN)
INNOCENT = Verdict(lost=[], risen=[], duplicated=[], misplaced=[], crashed=[])


@pytest.mark.parametrize("file", [["a", "b"], ["a", "b", "u"]])
def test_innocent(file: list[str]) -> None:
    verdict = judge([A, B, REFUSED, UNKNOWN], file)
    assert verdict == INNOCENT
    assert not verdict.is_guilty


@pytest.mark.parametrize(
    ("file", "charge", "tokens"),
    [
        (["a"], "lost", ["b"]),
        (["a", "b", "r"], "risen", ["r"]),
        (["a", "b", "a"], "duplicated", ["a"]),
        (["a", "b", "u", "u"], "duplicated", ["u"]),
        (["b", "a"], "misplaced", ["a", "b"]),
    ],
)
def test_guilty(file: list[str], charge: str, tokens: list[str]) -> None:
    verdict = judge([A, B, REFUSED, UNKNOWN], file)
    assert getattr(verdict, charge) == tokens
    assert verdict.is_guilty


def test_a_crash_is_told_with_its_reason() -> None:
    verdict = judge([ReportedCommit("c", Outcome.CRASHED, reason="KeyError")], [])
    assert verdict.crashed == ["c: KeyError"]
    assert verdict.is_guilty


def test_a_seed_makes_the_same_plan_again_and_each_lane_another() -> None:
    def draw_faults(seed: int, lane: int) -> list[object]:
        return list(islice(Plan(seed).faults(lane), 200))

    assert draw_faults(1, 0) == draw_faults(1, 0)
    assert draw_faults(1, 0) != draw_faults(1, 1)
    assert draw_faults(1, 0) != draw_faults(2, 0)


def test_plans_hold_every_kind_of_fault() -> None:
    kinds = {fault.kind for seed in range(20) for fault in islice(Plan(seed).faults(0), 100)}
    assert kinds == {Kind.PASS, *DRAWN}
