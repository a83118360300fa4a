"""When runs have last written a product."""

from typing import Any

import pytest

from datamesh.services.jobs import freshness
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.events import WAREHOUSE, at, run_event, send
from tests.lambdas import Client
from tests.meshes import Bucket, add_product, event_pipeline, resources

RUN = "00000000-0000-0000-0000-00000000000"


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def client(serve: Serve, registry: Registry, bucket: Bucket) -> Client:
    names = [{"namespace": WAREHOUSE, "name": "public.revenue"}]
    add_product(registry, "revenue", openlineage=names)
    return serve("products", resources(registry, bucket=bucket))


def tell(registry: Registry, bucket: Bucket, *events: Any) -> None:
    send(registry, event_pipeline(bucket), *events)


def told(
    kind: str, minute: int, run: int, output: str = "public.revenue", job: str = "daily"
) -> dict[str, Any]:
    return run_event([], [output], minute=minute, run=run, job=job, eventType=kind)


def failed(minute: int, run: int, job: str = "daily") -> dict[str, Any]:
    event = told("FAIL", minute, run, job=job)
    event["run"]["facets"] = {"errorMessage": {"message": "no disk"}}
    return event


def show(minute: int) -> str:
    return f"{at(minute):%Y-%m-%dT%H:%M:%SZ}"


def read(client: Client, name: str = "revenue") -> Any:
    return client.get(f"/product/{name}/freshness").body


def test_nothing_is_known_of_a_product_that_no_run_has_written(client: Client) -> None:
    assert read(client) == {"last_success": None, "last_failure": None}


def test_the_latest_runs_that_completed_and_failed_are_told(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    events = [
        told("START", 0, 1),
        told("COMPLETE", 2, 1),
        told("START", 10, 2),
        told("COMPLETE", 12, 2),
        told("START", 20, 3),
        failed(21, 3),
        told("START", 30, 4),
    ]
    tell(registry, bucket, *events)
    job = {"namespace": "scheduler", "name": "daily"}
    assert read(client) == {
        "last_success": {
            "job": job,
            "run_id": f"{RUN}2",
            "started_at": show(10),
            "ended_at": show(12),
            "error_message": None,
        },
        "last_failure": {
            "job": job,
            "run_id": f"{RUN}3",
            "started_at": show(20),
            "ended_at": show(21),
            "error_message": "no disk",
        },
    }


def test_a_run_of_a_job_that_writes_something_else_by_now_has_not_written_it(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, told("COMPLETE", 0, 1), told("COMPLETE", 5, 2, "public.other"))
    assert read(client)["last_success"]["run_id"] == f"{RUN}1"


def test_a_reader_is_no_writer(client: Client, registry: Registry, bucket: Bucket) -> None:
    tell(registry, bucket, run_event(["public.revenue"], ["public.other"]))
    assert read(client)["last_success"] is None


def test_of_several_jobs_the_latest_run_counts(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    tell(registry, bucket, told("COMPLETE", 9, 1, job="a"), told("COMPLETE", 4, 2, job="b"))
    assert read(client)["last_success"]["job"]["name"] == "a"
    tell(registry, bucket, told("COMPLETE", 30, 3, job="b"))
    assert read(client)["last_success"]["job"]["name"] == "b"


def test_only_the_jobs_that_ran_last_are_looked_at(
    client: Client, registry: Registry, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "MAX_WRITERS", 1)
    tell(registry, bucket, failed(0, 1, job="a"), told("COMPLETE", 60, 2, job="b"))
    assert read(client)["last_success"]["run_id"] == f"{RUN}2"
    assert read(client)["last_failure"] is None


def test_a_product_that_is_called_otherwise_is_found_under_its_new_name(client: Client) -> None:
    client.put("/product/revenue", {"name": "income"})
    answer = client.get("/product/revenue/freshness")
    assert answer.status == 301
    assert answer.headers["location"] == "../income/freshness"
    assert client.get("/product/unknown/freshness").status == 404
