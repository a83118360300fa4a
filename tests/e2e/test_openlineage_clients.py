"""openlineage-python, unchanged, with its own transports; then what the registry says over HTTP.

What is expected is computed from the events that the client says it has sent.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from tests.e2e import parity
from tests.e2e.api import Api
from tests.e2e.local_run import product
from tests.e2e.registry import Registry, names
from tests.e2e.targets import TARGET
from tests.openlineage import expected
from tests.openlineage.clients import Client, Server

SLOWLY = {"max_concurrent_requests": 2}
"""Emulators start functions too slowly for a client that waits for 5 seconds."""

type Send = Callable[..., list[expected.Event]]


@pytest.fixture
def unique() -> str:
    return token_hex(4)


@pytest.fixture
def registry(api: Api, unique: str) -> Iterator[Registry]:
    registry = Registry(api, unique)
    yield registry
    registry.remove()


@pytest.fixture
def server(api: Api) -> Server:
    return Server(api.url, api.key)


@pytest.fixture
def send(server: Server, unique: str, tmp_path: Path) -> Send:
    """Scenarios, over HTTP as a client does it by itself."""
    client = Client(tmp_path / "client", server.transport())
    return lambda *scenarios: client.send(unique, *scenarios)


@pytest.mark.parametrize(
    "scenario",
    [
        "column-lineage",
        "datasets-alone",
        "inputs-first",
        "lineage-facets",
        "better-and-worse",
        "without-a-run",
        "aborted",
        "again",
    ],
)
def test_the_graph_is_what_the_events_say(registry: Registry, send: Send, scenario: str) -> None:
    events = send(scenario)
    assert events
    registry.assert_holds(events)


def test_the_expectation_is_what_one_reads_in_the_scenarios(registry: Registry, send: Send) -> None:
    """So that a mistake in `expected` does not hide one of the registry."""
    events = send("column-lineage", "lineage-facets")
    told = {
        (edge.source[1], edge.target[1]): (
            edge.lineage_type,
            edge.confidence,
            {column[:2] for column in edge.columns},
        )
        for edge in registry.edges(expected.Names(events))
    }
    assert told == {
        ("raw.trips", "trips"): ("direct", 0.9, {("id", "id"), ("km", "km")}),
        ("trips", "trips_a_day"): ("aggregated", 0.9, {("id", "trips"), ("km", "km")}),
        ("calendar", "trips_a_day"): ("derived", 0.9, set()),
        ("trips", "labels"): ("derived", 0.9, {("id", "label")}),
        ("visits", "visitors"): ("aggregated", 1.0, {("user", "user"), ("id", "visits")}),
        ("users", "visitors"): ("direct", 0.9, {("id", "user")}),
        ("visits", "archive"): ("direct", 1.0, set()),
        ("settings", "archive"): ("derived", 0.5, set()),
    }


def test_a_dataset_becomes_a_product(registry: Registry, send: Send, unique: str) -> None:
    send("column-lineage")
    trips = registry.product((f"warehouse://{unique}", "trips"))
    assert set(names(trips)) == {
        (f"warehouse://{unique}", "trips"),
        (f"s3://lake-{unique}", "trips"),
    }
    assert trips["schema"] == {"id": "string", "km": "double"}
    assert trips["owner"] == "team:logistics"
    assert trips["domain"] == f"etl-{unique}"
    assert trips["status"] == "active"
    assert trips["quality"] is None
    calendar = registry.product((f"warehouse://{unique}", "calendar"))
    assert calendar["owner"] == "unowned"
    raw = registry.product((f"warehouse://{unique}", "raw.trips"))
    assert list(raw["schema"]) == ["id", "km", "note"]


def test_a_registered_product_is_found_by_its_alias(
    api: Api, registry: Registry, send: Send, unique: str
) -> None:
    alias = {"namespace": f"warehouse://{unique}", "name": "trips"}
    body = product(f"e2e_{unique}", openlineage=[alias], schema={"mine": "string"})
    assert api.write("POST", "/register_product", body).status_code == 200
    events = send("column-lineage")
    trips = registry.product((alias["namespace"], alias["name"]))
    assert {field: trips[field] for field in ("name", "owner", "domain", "schema", "status")} == {
        "name": f"e2e_{unique}",
        "owner": "e2e@example.com",
        "domain": "e2e",
        "schema": {"mine": "string"},
        "status": "active",
    }
    registry.assert_holds(events)


def test_the_latest_assertions_are_the_quality(registry: Registry, send: Send, unique: str) -> None:
    told = []
    for scenario in ("quality-passed", "quality-failed", "quality-passed"):
        send(scenario)
        told.append(registry.product((f"warehouse://{unique}", "checked"))["quality"])
    assert [quality["status"] for quality in told] == ["passed", "failed", "passed"]
    assert [[(f["assertion"], f["column"]) for f in q["failures"]] for q in told] == [
        [],
        [("unique", "id")],
        [],
    ]
    times = [quality["checked_at"] for quality in told]
    assert times == sorted(set(times))


def test_the_same_runs_again_add_nothing(registry: Registry, send: Send) -> None:
    events = send("column-lineage", "lineage-facets", "datasets-alone")
    products, entries = registry.products(), registry.entries()
    events += send("column-lineage", "lineage-facets", "datasets-alone")
    registry.assert_holds(events)
    assert [p["name"] for p in registry.products()] == [p["name"] for p in products]
    assert [entry["id"] for entry in registry.entries()] == [entry["id"] for entry in entries]


@pytest.mark.parametrize("kind", ["http", "async_http"])
def test_compressed_events_arrive(
    registry: Registry, server: Server, unique: str, tmp_path: Path, kind: str
) -> None:
    client = Client(tmp_path / "client", server.transport(kind, compression="gzip"))
    delivered = parity.GZIP_DELIVERED.here()
    events = client.send(unique, "column-lineage", delivered=delivered)
    registry.assert_holds(events if delivered else [])


def test_many_runs_at_once_all_arrive(
    registry: Registry, server: Server, unique: str, tmp_path: Path
) -> None:
    """From the asynchronous transport, which does not wait for one answer before the next event."""
    limit = {} if TARGET == "make-run" else SLOWLY
    client = Client(tmp_path / "client", server.transport("async_http", **limit))
    events = client.send(unique, "burst")
    registry.assert_holds(events)


def test_without_the_key_nothing_arrives(
    api: Api, registry: Registry, unique: str, tmp_path: Path
) -> None:
    client = Client(tmp_path / "client", Server(api.url, "wrong").transport())
    assert client.send(unique, "column-lineage", delivered=False) == []
    assert registry.products() == []
