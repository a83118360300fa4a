"""The scheduled run, what it keeps, and how that is read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from datamesh.aws.observability import Observer
from datamesh.errors.storage import StorageUnavailable
from datamesh.http.entrypoint import Work
from datamesh.models.snapshot import RouteUsage, Snapshot, Usage
from datamesh.services.analytics import snapshot_builder
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.operations import scheduled_run
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.settings import Settings
from datamesh.storage.archive.writer import ArchiveProgress
from datamesh.storage.backoff import Deadline
from datamesh.storage.objects import MemoryObject
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.lambdas import Client, assert_problem
from tests.meshes import (
    NO_WAIT,
    NOON,
    Bucket,
    BucketFolder,
    add_lineage,
    add_product,
    add_products,
    resources,
)
from tests.unit.storage.faults import FaultyObject, conflict, no_connection, reply_is_lost

SETTINGS = Settings.model_validate({"CATALOG_BUCKET": "catalog"})


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def over(registry: Registry, bucket: Bucket, imported_functions: None) -> Resources:
    return resources(registry, bucket=bucket)


@pytest.fixture
def client(serve: Serve, over: Resources) -> Client:
    return serve("analytics", over)


def run(over: Resources, at: str) -> Any:
    return scheduled(over, {"time": at})


def scheduled(over: Resources, event: dict[str, str]) -> Any:
    work = Work(CONTEXT, over, SETTINGS, event, lambda path, part: 200, Observer("INFO"))
    return import_module("functions.analytics.app").scheduled(work)


def return_found(found: list[ArchiveProgress], *_: object) -> list[ArchiveProgress]:
    return found


def test_a_past_that_is_at_risk_is_counted(
    over: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version has waited for too long, or some were gone before they were archived."""
    behind = ArchiveProgress(lag=timedelta(days=2))
    for found, counted in (([ArchiveProgress(), behind], 1), ([ArchiveProgress(gaps=1)], 1)):
        seen: list[int] = []
        observer = Observer("INFO")
        monkeypatch.setattr(observer, "count_past_at_risk", seen.append)
        at_risk = replace(over, keep_past=partial(return_found, found))
        work = Work(CONTEXT, at_risk, SETTINGS, {}, lambda path, part: 200, observer)
        assert import_module("functions.analytics.app").scheduled(work)["missing_versions"] == sum(
            each.gaps for each in found
        )
        assert seen == [counted]


def bodies(bucket: Bucket) -> dict[str, object]:
    return {key: stored.get() for key, stored in bucket.items()}


def test_a_run_keeps_a_snapshot_of_the_day_and_the_latest_and_a_backup(
    over: Resources, bucket: Bucket, registry: Registry, client: Client
) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    assert run(over, "2026-01-31T09:00:00Z") == {
        "archived_versions": 0,
        "missing_versions": 0,
        "lag_seconds": 0,
        "pruned_lineage_entries": 0,
        "products": 2,
        "lineage_entries": 1,
    }
    assert sorted(bucket) == [
        "analytics/2026-01-31.json",
        "analytics/latest.json",
        "backups/2026-01-31/lineage.json",
        "backups/2026-01-31/products.json",
    ]
    answer = client.get("/analytics/snapshot")
    assert answer.body == client.get("/analytics/snapshot", date="2026-01-31").body
    assert answer.body["products"]["complete"]["schema"] == 2
    assert (answer.body["date"], answer.body["at"]) == ("2026-01-31", "2026-01-31T09:00:00Z")


def test_a_run_that_is_delivered_twice_changes_nothing_the_second_time(
    over: Resources, bucket: Bucket, registry: Registry
) -> None:
    add_products(registry, "ab")
    run(over, "2026-01-31T09:00:00Z")
    before = bodies(bucket)
    add_products(registry, "cd")
    run(over, "2026-01-31T09:00:00Z")
    run(over, "2026-01-31T08:00:00Z")
    assert bodies(bucket) == before


def test_a_later_run_of_the_day_replaces_its_snapshot_and_not_its_backup(
    over: Resources, bucket: Bucket, registry: Registry, client: Client
) -> None:
    run(over, "2026-01-31T09:00:00Z")
    before = bodies(bucket)
    add_product(registry, "a")
    run(over, "2026-01-31T10:00:00Z")
    after = bodies(bucket)
    assert {key for key in after if after[key] != before[key]} == {
        "analytics/2026-01-31.json",
        "analytics/latest.json",
    }
    assert client.get("/analytics/snapshot").body["products"]["total"] == 1


def test_a_later_run_of_the_day_compresses_nothing_for_a_copy_that_is_there(
    over: Resources, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(over, "2026-01-31T09:00:00Z")
    add_product(registry, "a")
    stored: list[str] = []
    put = MemoryObject.put

    def record_put(copy: MemoryObject, body: bytes, replaces: str | None) -> str:
        stored.append(copy.name)
        return put(copy, body, replaces)

    monkeypatch.setattr(MemoryObject, "put", record_put)
    run(over, "2026-01-31T10:00:00Z")
    assert [name for name in stored if name.startswith("backups/")] == []
    run(over, "2026-02-01T00:00:00Z")
    assert [name for name in stored if name.startswith("backups/")] == [
        "backups/2026-02-01/lineage.json",
        "backups/2026-02-01/products.json",
    ]


def test_cloudwatch_is_asked_until_it_has_told_of_the_whole_day_before(over: Resources) -> None:
    """Each of its answers is paid for."""
    asked: list[str] = []

    def usage(day: date) -> Usage:
        asked.append(f"{day}")
        counts = RouteUsage(
            route="*",
            requests=len(asked),
            client_errors=0,
            server_errors=0,
            p50_ms=None,
            p99_ms=None,
        )
        return Usage(day=day, total=counts, routes=[])

    def used(at: str, told: Callable[[date], Usage | None] = usage) -> int | None:
        due = datetime.fromisoformat(at)
        kept = scheduled_run.run_schedule(
            CONTEXT,
            over.registry,
            over.registry,
            over.snapshots,
            over.backups,
            told,
            due,
            90,
        )
        return kept.usage.total.requests if kept.usage else None

    assert used("2026-01-31T00:05:00Z", lambda day: None) is None
    assert [used(f"2026-01-31T{hour:02}:05:00Z") for hour in range(1, 5)] == [1, 1, 1, 1]
    assert [used(f"2026-02-01T{hour:02}:05:00Z") for hour in range(4)] == [2, 3, 3, 3]
    assert asked == ["2026-01-30", "2026-01-31", "2026-01-31"]


def test_a_late_run_keeps_its_day_and_not_the_latest(
    over: Resources, bucket: Bucket, client: Client
) -> None:
    run(over, "2026-02-01T09:00:00Z")
    run(over, "2026-01-31T09:00:00Z")
    assert client.get("/analytics/snapshot").body["date"] == "2026-02-01"
    assert client.get("/analytics/snapshot", date="2026-01-31").status == 200


def test_a_run_prunes_and_tells_how_much(
    over: Resources, registry: Registry, client: Client
) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    registry.products.commit(
        lambda file: (file.model_copy(update={"products": {}}), None), NO_DEADLINE
    )
    assert run(over, "2026-01-31T09:00:00Z")["pruned_lineage_entries"] == 1
    assert client.get("/analytics/snapshot").body["pruned_lineage_entries"] == 1


def test_a_snapshot_counts_no_private_products(
    over: Resources, registry: Registry, client: Client
) -> None:
    add_product(registry, "a", domain="sales")
    add_product(registry, "b", domain="finance", visibility="private")
    add_lineage(registry, "a", "b")
    run(over, "2026-01-31T09:00:00Z")
    found = client.get("/analytics/snapshot").body
    assert (found["products"]["total"], found["lineage"]["total"]) == (1, 0)
    assert "finance" not in str(found)


def test_sizes_of_files_tell_of_no_private_products(
    over: Resources, registry: Registry, client: Client
) -> None:
    add_product(registry, "a", domain="sales")
    add_lineage(registry, "a", "a")
    run(over, "2026-01-31T09:00:00Z")
    before = client.get("/analytics/snapshot").body["storage"]
    names = [{"namespace": "vault", "name": "b"}]
    add_product(registry, "b", domain="finance", visibility="private", openlineage=names)
    add_product(registry, "c", domain="finance", visibility="private")
    add_lineage(registry, "c", "a")
    registration.delete_product(CONTEXT, registry, "b")
    run(over, "2026-01-31T10:00:00Z")
    after = client.get("/analytics/snapshot").body["storage"]
    assert {name: each["bytes"] for name, each in after.items()} == {
        name: each["bytes"] for name, each in before.items()
    }


def test_what_the_runs_of_a_day_prune_adds_up(
    over: Resources, registry: Registry, client: Client
) -> None:
    for hour, missing in ((9, 1), (10, 0), (11, 2)):
        for number in range(missing):
            add_products(registry, "ab")
            add_lineage(registry, "a", "b", transformation=f"{number}")
            registry.products.commit(
                lambda file: (file.model_copy(update={"products": {}}), None), NO_DEADLINE
            )
        run(over, f"2026-01-31T{hour:02}:00:00Z")
    run(over, "2026-01-31T11:00:00Z")
    assert client.get("/analytics/snapshot").body["pruned_lineage_entries"] == 3
    assert client.get("/analytics/snapshot", date="2026-01-31").body["pruned_lineage_entries"] == 3
    run(over, "2026-02-01T00:00:00Z")
    assert client.get("/analytics/snapshot").body["pruned_lineage_entries"] == 0


def test_a_run_without_a_time_is_due_now(over: Resources, bucket: Bucket) -> None:
    scheduled(over, {})
    assert len(bucket) == 4


def test_there_is_no_snapshot_before_the_first_run(client: Client) -> None:
    assert_problem(client.get("/analytics/snapshot"), 404, "There is no snapshot yet")
    assert_problem(
        client.get("/analytics/usage", date="2026-01-31"), 404, "There is no snapshot of 2026-01-31"
    )


def test_usage_is_null_where_nobody_counts_it(over: Resources, client: Client) -> None:
    run(over, "2026-01-31T09:00:00Z")
    answer = client.get("/analytics/usage")
    assert (answer.status, answer.body) == (200, None)


def test_a_trend_goes_on_from_day_to_day(
    over: Resources, registry: Registry, client: Client
) -> None:
    for day in range(1, 5):
        if day != 3:
            add_product(registry, f"p{day}")
            run(over, f"2026-02-{day:02}T09:00:00Z")
    trend = client.get("/analytics/trends", metric="products.total", since="2026-02-01").body
    assert trend == {
        "metric": "products.total",
        "points": [
            {"date": "2026-02-01", "value": 1.0},
            {"date": "2026-02-02", "value": 2.0},
            {"date": "2026-02-04", "value": 3.0},
        ],
    }
    part = client.get(
        "/analytics/trends",
        metric="products.complete.schema",
        since="2026-02-02",
        until="2026-02-03",
    ).body
    assert part["points"] == [{"date": "2026-02-02", "value": 2.0}]
    nothing = client.get("/analytics/trends", metric="usage.total.requests", since="2026-02-04")
    assert nothing.body["points"] == [{"date": "2026-02-04", "value": None}]


def test_a_day_that_is_over_is_read_once_for_all_trends(
    over: Resources, registry: Registry, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of 366 GETs is paid for, and anybody may ask."""
    read: list[str] = []
    read_all = BucketFolder.read_all

    def noted(folder: BucketFolder, names: Sequence[str], deadline: Deadline) -> list[bytes]:
        read.extend(names)
        return read_all(folder, names, deadline)

    monkeypatch.setattr(BucketFolder, "read_all", noted)
    for day in range(1, 6):
        add_product(registry, f"p{day}")
        run(over, f"2026-02-{day:02}T09:00:00Z")

    def ask(metric: str, since: str = "2026-02-01") -> list[float]:
        read.clear()
        points = client.get("/analytics/trends", metric=metric, since=since).body["points"]
        return [point["value"] for point in points]

    assert ask("products.total") == [1, 2, 3, 4, 5]
    assert read == [f"2026-02-0{day}.json" for day in (1, 2, 3, 4, 5)]
    assert ask("products.complete.owner") == [1, 2, 3, 4, 5]
    assert read == ["2026-02-04.json", "2026-02-05.json"]
    add_product(registry, "p6")
    run(over, "2026-02-05T10:00:00Z")  # a day that is not over changes
    assert ask("products.total", "2026-02-03") == [3, 4, 6]
    assert read == ["2026-02-04.json", "2026-02-05.json"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"metric": "products.total", "since": "2026-02-02", "until": "2026-02-01"}, 400),
        ({"metric": "products.total", "since": "2025-01-01", "until": "2026-02-01"}, 400),
        ({"metric": "products.names", "since": "2026-02-01"}, 422),
        ({"metric": "products.total", "since": "20260201"}, 422),
        ({"metric": "products.total"}, 422),
    ],
)
def test_a_bad_question_about_a_trend_is_refused(
    client: Client, query: dict[str, str], status: int
) -> None:
    assert client.get("/analytics/trends", **query).status == status


def test_every_metric_is_a_figure_of_a_snapshot(registry: Registry) -> None:
    from datamesh.models.snapshot import Metric, RouteUsage, Usage

    add_product(registry, "a")
    add_lineage(registry, "a", "a")
    total = RouteUsage(
        route="", requests=5, client_errors=1, server_errors=0, p50_ms=2.5, p99_ms=9.5
    )
    usage = Usage(day=date(2026, 1, 30), total=total, routes=[])
    snapshot = snapshot_builder.build_snapshot(
        CONTEXT, registry, NOON, stale_days=1, pruned=0, usage=usage
    )
    bucket = Bucket()
    kept = Snapshots(bucket.__getitem__, BucketFolder(bucket, "analytics/"), NO_WAIT)
    kept.store_snapshot(CONTEXT, snapshot)
    for metric in Metric:
        [point] = kept.find_trend(CONTEXT, metric, NOON.date(), NOON.date()).points
        assert point.value is not None, metric


def test_products_are_ranked(registry: Registry, client: Client) -> None:
    add_products(registry, "abc")
    add_lineage(registry, "a", "b")
    add_lineage(registry, "b", "c")
    answer = client.get("/analytics/top-products", by="reach", limit=1)
    assert answer.body == [{"name": "a", "downstream": 1, "upstream": 0, "reach": 2}]
    assert client.get("/analytics/top-products").body[0]["name"] == "a"
    assert client.get("/analytics/top-products", by="size").status == 422


# storing

SNAPSHOT_FAULTS = [[no_connection], [reply_is_lost], [conflict], [conflict, no_connection]]


@pytest.mark.parametrize("faults", SNAPSHOT_FAULTS)
def test_storing_a_snapshot_is_tried_again(registry: Registry, faults: list[Any]) -> None:
    stored = FaultyObject()
    stored.put_faults.extend(faults)
    kept = Snapshots(lambda key: stored, BucketFolder(Bucket(), ""), NO_WAIT)
    snapshot = snapshot_builder.build_snapshot(
        CONTEXT, registry, NOON, stale_days=1, pruned=0, usage=None
    )
    kept.store_snapshot(CONTEXT, snapshot)
    assert kept.find_snapshot(CONTEXT, None) == snapshot


def test_a_snapshot_that_cannot_be_stored_fails_the_run(registry: Registry) -> None:
    stored = FaultyObject()
    stored.put_faults.extend([no_connection] * NO_WAIT.attempts)
    kept = Snapshots(lambda key: stored, BucketFolder(Bucket(), ""), NO_WAIT)
    with pytest.raises(StorageUnavailable):
        kept.store_snapshot(
            CONTEXT,
            snapshot_builder.build_snapshot(
                CONTEXT, registry, NOON, stale_days=1, pruned=0, usage=None
            ),
        )


def test_a_snapshot_survives_writing_and_reading(registry: Registry) -> None:
    add_product(registry, "a")
    registration.delete_product(CONTEXT, registry, "a")
    snapshot = snapshot_builder.build_snapshot(
        CONTEXT, registry, NOON + timedelta(hours=1), stale_days=1, pruned=3, usage=None
    )
    assert Snapshot.model_validate_json(snapshot.model_dump_json(by_alias=True)) == snapshot
