"""The scheduled check of the products that ask for one a day."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.http import entrypoint
from datamesh.http.domains import daily as scheduled
from datamesh.models.audit import AuditRecord
from datamesh.services.checks import daily
from datamesh.services.checks.daily import DAILY_KEY, DailyRun
from datamesh.storage.backoff import Deadline
from datamesh.storage.objects import MemoryObject, Unreachable
from tests.audit_trail import read_bucket_trail
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.lambdas import ENVIRONMENT, LambdaContext
from tests.meshes import (
    NO_WAIT,
    Bucket,
    add_product,
    mesh,
    open_outcomes,
    resources,
)

EVENT = json.loads(Path("events/check_daily.json").read_text())
NEXT_DAY = EVENT | {"time": "2026-02-01T00:30:00Z"}
GOOD = b"order_id\nO1\n"


class Scheduled:
    """A registry whose products a, b, c ask for a check, and d does not; b's data is too large."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
        self.registry = mesh()
        for name in ("a", "b", "c"):
            add_product(self.registry, name, check="daily")
        add_product(self.registry, "d", description="daily", tags=["daily"])
        self.bucket = Bucket()
        files = {"sales/a/1.csv": GOOD, "sales/b/1.csv": GOOD * 100, "sales/c/1.csv": GOOD}
        over = resources(self.registry, files, bucket=self.bucket, max_scan_bytes=500, **more)
        monkeypatch.setattr(entrypoint, "create_resources", lambda *_: over)
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")
        self.handler = entrypoint.create_task_handler(scheduled.check_daily, ENVIRONMENT)

    def run(self, event: dict[str, Any] = EVENT) -> tuple[int, int, int]:
        found = self.handler(event, LambdaContext())
        return found["checked"], found["failed"], found["left"]

    def kept(self) -> list[str]:
        """The products whose runs are kept, in their order."""
        stored = [key for key, each in self.bucket.items() if each.get()]
        runs = [key for key in stored if key.startswith("quality/") and key != DAILY_KEY]
        return [key.split("/")[1] for key in sorted(runs, key=lambda key: key.split("/")[1])]

    def records(self) -> Sequence[AuditRecord]:
        return read_bucket_trail(self.bucket, open_outcomes(self.registry))


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> Scheduled:
    return Scheduled(monkeypatch)


def test_products_that_ask_for_it_are_checked_once_a_day(due: Scheduled) -> None:
    assert due.run() == (2, 1, 0)
    assert due.run() == (0, 0, 0)
    assert due.kept() == ["a", "c"]
    products = due.registry.products.read(NO_DEADLINE).products
    status = {name: each.to_model().quality for name, each in products.items()}
    assert status["a"] and status["a"].status == "passed"
    assert status["b"] is status["d"] is None
    assert due.run(NEXT_DAY) == (2, 1, 0)
    # A run of the day before that comes late has nothing to do.
    assert due.run() == (0, 0, 0)


def test_each_check_has_an_audit_record_and_a_failure_too(due: Scheduled) -> None:
    due.run()
    found = [(each.path, each.status, len(each.commits)) for each in due.records()]
    assert sorted(found) == [
        ("/domains/sales/a/check", 200, 1),
        ("/domains/sales/b/check", 413, 0),
        ("/domains/sales/c/check", 200, 1),
    ]
    assert {(each.principal, each.route) for each in due.records()} == {("schedule", "check_daily")}


def test_a_run_leaves_the_rest_to_the_next(due: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily, "MAX_PRODUCTS", 2)
    assert due.run() == (1, 1, 1)
    assert due.run() == (1, 0, 0)
    assert due.kept() == ["a", "c"]


def test_without_time_nothing_is_begun(due: Scheduled) -> None:
    asked: list[str] = []

    def take_all_the_time(product: Any) -> int:
        asked.append(product.name)
        moments.append(2.0)
        return 200

    moments = [0.0]
    limited = replace(CONTEXT, deadline=Deadline(1.0, math.inf, lambda: moments[-1]))
    with pytest.raises(StorageUnavailable, match="time"):
        check(due, take_all_the_time, limited)


def check(due: Scheduled, answer: Callable[[Any], int], context: Any = CONTEXT) -> DailyRun:
    stored = daily.DailyProgress(due.bucket.__getitem__, NO_WAIT)
    day = entrypoint.Work(CONTEXT, None, None, EVENT, None, None).due.date()  # type: ignore[arg-type]
    return daily.check_daily(context, due.registry, stored, answer, day)


def test_a_check_that_ends_the_run_is_last_in_the_next_and_given_up_in_the_end(
    due: Scheduled,
) -> None:
    seen: list[str] = []

    def die_of_a(product: Any) -> int:
        seen.append(product.name)
        if product.name == "a":
            raise MemoryError
        return 200

    with pytest.raises(MemoryError):
        check(due, die_of_a)
    for _ in range(2):
        with pytest.raises(MemoryError):
            check(due, die_of_a)
    assert check(due, die_of_a) == DailyRun()
    assert seen == ["a", "b", "c", "a", "a"]


@pytest.mark.parametrize(("status", "seen"), [(503, ["a"]), (409, ["a", "b", "c"])])
def test_what_fails_for_now_is_tried_again(due: Scheduled, status: int, seen: list[str]) -> None:
    asked: list[str] = []

    def fail(product: Any) -> int:
        asked.append(product.name)
        return status

    assert check(due, fail) == DailyRun(0, len(seen), 3)
    assert asked == seen
    assert check(due, lambda product: 200) == DailyRun(3, 0, 0)


def test_of_two_runs_at_a_time_one_ends(due: Scheduled) -> None:
    asked: list[str] = []

    def let_another_come(product: Any) -> int:
        asked.append(product.name)
        assert check(due, lambda product: 200) == DailyRun(3, 0, 0)
        return 200

    assert check(due, let_another_come).checked == 1
    assert asked == ["a"]


class Broken(MemoryObject):
    """An object that no PUT reaches."""

    def put(self, body: bytes, replaces: str | None) -> str:
        raise Unreachable("no route")


def test_storage_that_is_out_of_reach_fails_the_run_before_a_check(due: Scheduled) -> None:
    due.bucket[DAILY_KEY] = Broken(DAILY_KEY)
    with pytest.raises(StorageUnavailable, match="no route"):
        check(due, lambda product: pytest.fail("a check was begun"))
