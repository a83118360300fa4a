"""Results of checks, from what was counted."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal

from datamesh.models.checks import Check, CheckMeasure
from datamesh.models.columns import fold_case
from datamesh.models.quality import CheckResult
from datamesh.tables.check_counts import CheckCount

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NO_FILES = CheckCount(problem="there are no files")
NO_VALUE = "there is no value"


def decide_check(
    check: Check, total: int | None, count: CheckCount, now: datetime, hidden: AbstractSet[str]
) -> CheckResult:
    """Return the result of a check.

    No value of the `hidden` columns, whose names are case-folded, can be told from it.
    """
    if count.problem:
        result: Literal["failed", "skipped"] = "failed" if count.is_failure else "skipped"
        failing = total if count.is_failure else None
        return _build_result(check, result, failing, total, count.problem)
    if check.measure is CheckMeasure.AGE:
        return _decide_age(check, total, count, now, hidden)
    measured = Fraction(count.measured or 0)
    if check.is_percent:
        measured = measured * 100 / total if total else Fraction(0)
    is_met = all(each.is_met_by(measured) for each in check.thresholds)
    failing = None if check.measure is CheckMeasure.ROWS else count.failing_rows
    reason = None if is_met else _describe_count(check, total or 0, count, measured)
    return _build_result(check, "passed" if is_met else "failed", failing, total, reason)


def _decide_age(
    check: Check, total: int | None, count: CheckCount, now: datetime, hidden: AbstractSet[str]
) -> CheckResult:
    if count.measured is None:
        return _build_result(check, "failed", None, total, NO_VALUE)
    age = Fraction((now - EPOCH) // MICROSECOND - count.measured, 10**6)
    if all(each.is_met_by(age) for each in check.thresholds):
        return _build_result(check, "passed", None, total, None)
    what = "the newest value" if check.columns else "the newest file"
    is_hidden = not hidden.isdisjoint(map(fold_case, check.columns))
    old = "too old" if is_hidden else f"{int(age)} seconds old"
    return _build_result(check, "failed", None, total, f"{what} is {old}")


def _describe_count(check: Check, total: int, count: CheckCount, measured: Fraction) -> str:
    match check.measure:
        case CheckMeasure.ROWS:
            return f"there are {total} rows"
        case CheckMeasure.DUPLICATES:
            found = f"{count.measured} values are in {count.failing_rows} of {total} rows"
        case CheckMeasure.KEY:
            found = f"{count.failing_rows} of {total} rows have a key that is null or repeated"
        case CheckMeasure.NULLS:
            found = f"{count.failing_rows} of {total} rows have no value"
        case _:
            found = f"{count.failing_rows} of {total} rows have a value that is not valid"
    return f"{found}, {float(measured):.6g} percent" if check.is_percent else found


def _build_result(
    check: Check,
    result: Literal["passed", "failed", "skipped"],
    failing: int | None,
    total: int | None,
    reason: str | None,
) -> CheckResult:
    return CheckResult(
        name=check.name,
        column=check.column,
        kind=check.kind,
        result=result,
        failing_rows=failing,
        total_rows=None if result == "skipped" else total,
        expected=None if check.problem else check.describe_expected(),
        reason=reason,
        severity=check.severity,
    )


def find_newest_file(times: Sequence[datetime | None]) -> CheckCount:
    """Return the time of the newest file, as what a check of its age counts."""
    if not times:
        return CheckCount(problem="there are no files", is_failure=True)
    known = [each for each in times if each is not None]
    if len(known) < len(times):
        return CheckCount(problem="the times of the files are not known")
    return CheckCount((max(known) - EPOCH) // MICROSECOND)
