"""The checks of a product's data that events have reported, joined by run."""

from collections.abc import Sequence

from datamesh.models.quality import MAX_FAILURES, QualityFailure, RunChecks
from datamesh.models.values import Timestamp

MAX_CHECKED_RUNS = 4
"""The most runs of which the checks of a dataset are kept."""


def join_checks(*known: tuple[RunChecks, ...]) -> tuple[RunChecks, ...]:
    """Return the checks by run, the latest run first, at most MAX_CHECKED_RUNS.

    Each test of a run is an event of its own, so that the failures of a run add up.
    """
    runs: dict[str, list[RunChecks]] = {}
    for each in (each for checks in known for each in checks):
        runs.setdefault(each.run, []).append(each)
    joined = [_join_checks_of_run(each) if len(each) > 1 else each[0] for each in runs.values()]
    return tuple(sorted(joined, key=_get_recency, reverse=True)[:MAX_CHECKED_RUNS])


def _join_checks_of_run(checks: Sequence[RunChecks]) -> RunChecks:
    found = {failure for each in checks for failure in each.failures}
    failures = sorted(found, key=get_failure_key)[:MAX_FAILURES]
    at = max(each.checked_at for each in checks)
    return RunChecks(run=checks[0].run, checked_at=at, failures=tuple(failures))


def _get_recency(each: RunChecks) -> tuple[Timestamp, str]:
    return (each.checked_at, each.run)


def get_failure_key(failure: QualityFailure) -> tuple[str, str]:
    """Return what failures are sorted by."""
    return (failure.assertion, failure.column or "")
