"""Kept events and statistics, as Marquez has them."""

from typing import Any

import pytest

from datamesh.services.marquez import events
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.events import run_event, send
from tests.lambdas import Answer, Client
from tests.meshes import Bucket, event_pipeline, resources

API = "/api/v1"


def at(day: int, hour: int, kind: str = "COMPLETE", namespace: str = "scheduler") -> dict[str, Any]:
    event = run_event(["a"], ["b"], run=100 * day + hour, job="j")
    event["job"]["namespace"] = namespace
    time = f"2026-01-{day:02}T{hour:02}:30:00Z"
    return {**event, "eventTime": time, "eventType": kind}


KEPT = [
    at(29, 8, "START"),
    at(29, 7),
    at(30, 9, "FAIL"),
    at(30, 10, "START", "other"),
    at(31, 11, "START"),
    at(31, 10, "complete"),
]


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    held = Bucket()
    send(registry, event_pipeline(held), *KEPT)
    return serve("marquez", resources(registry, events=event_pipeline(held)))


def times(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["eventTime"][8:13] for each in answer.body["events"]]


@pytest.mark.parametrize(
    ("query", "found", "total"),
    [
        ({}, ["31T11", "31T10", "30T10", "30T09", "29T08", "29T07"], 6),
        ({"limit": 2}, ["31T11", "31T10"], 6),
        ({"limit": 2, "offset": 3}, ["30T09", "29T08"], 6),
        ({"offset": 6}, [], 6),
        ({"limit": 0}, [], 6),
        ({"sortDirection": "asc", "limit": 3}, ["29T07", "29T08", "30T09"], 6),
        ({"sortDirection": "ASC", "offset": 4}, ["31T10", "31T11"], 6),
        ({"before": "2026-01-31"}, ["30T10", "30T09", "29T08", "29T07"], 4),
        (
            {"before": "2026-01-30T10:00:00Z", "after": "2026-01-29T08:00:00Z"},
            ["30T09", "29T08"],
            2,
        ),
        ({"after": "2999-01-01"}, [], 0),
        ({"after": "2026-01-31", "before": "2026-01-29"}, [], 0),
    ],
)
def test_events_are_listed_by_their_times(
    client: Client, query: dict[str, Any], found: list[str], total: int
) -> None:
    answer = client.get(f"{API}/events/lineage", **query)
    assert times(answer) == found
    assert answer.body["totalCount"] == total
    assert answer.headers["x-truncated"] == "false"


def test_an_event_is_what_was_sent(client: Client) -> None:
    [newest] = client.get(f"{API}/events/lineage", limit=1).body["events"]
    assert newest == KEPT[4]


def test_a_page_reads_its_own_day_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_READ", 2)
    answer = client.get(f"{API}/events/lineage", limit=2)
    assert (times(answer), answer.headers["x-truncated"]) == (["31T11", "31T10"], "false")
    answer = client.get(f"{API}/events/lineage", limit=2, offset=4)
    assert (times(answer), answer.headers["x-truncated"]) == (["29T08", "29T07"], "false")


def test_more_events_than_may_be_read_are_cut(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_READ", 3)
    answer = client.get(f"{API}/events/lineage")
    assert len(times(answer)) == 3
    assert (answer.body["totalCount"], answer.headers["x-truncated"]) == (6, "true")


def test_the_newest_are_found_among_more_events_than_can_be_listed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MAX_LISTINGS", 1)  # of two names, in memory
    answer = client.get(f"{API}/events/lineage", limit=2, before="2026-02-01")
    assert times(answer) == ["31T11", "31T10"]
    assert answer.headers["x-truncated"] == "true"


def test_marquez_python_lists_events_elsewhere(client: Client) -> None:
    assert times(client.get(f"{API}/events", limit=2)) == ["31T11", "31T10"]
    answer = client.get(f"{API}/events/other")
    assert (times(answer), answer.body["totalCount"]) == (["30T10"], 1)


def test_events_are_counted_by_hour(client: Client) -> None:
    buckets = client.get(f"{API}/stats/lineage-events", period="DAY", timezone="Europe/Berlin").body
    assert len(buckets) == 24  # the clock of the registry says 31 January, 12:00
    assert buckets[-1]["startInterval"] == "2026-01-31T12:00:00Z"
    counted = {each["startInterval"][8:13]: each for each in buckets}
    assert counted["31T11"] == {
        "startInterval": "2026-01-31T11:00:00Z",
        "endInterval": "2026-01-31T12:00:00Z",
        "start": 1,
        "complete": 0,
        "fail": 0,
        "abort": 0,
    }
    assert counted["31T10"]["complete"] == 1
    kinds = ("start", "complete", "fail", "abort")
    assert sum(each[kind] for each in buckets for kind in kinds) == 2


def test_events_are_counted_by_day(client: Client) -> None:
    buckets = client.get(f"{API}/stats/lineage-events", period="week").body
    assert [(each["startInterval"][8:10], each["start"], each["fail"]) for each in buckets] == [
        ("25", 0, 0),
        ("26", 0, 0),
        ("27", 0, 0),
        ("28", 0, 0),
        ("29", 1, 0),
        ("30", 1, 1),
        ("31", 1, 0),
    ]


@pytest.mark.parametrize(("counted", "now"), [("jobs", 2), ("datasets", 2), ("sources", 1)])
def test_what_is_registered_is_counted(client: Client, counted: str, now: int) -> None:
    buckets = client.get(f"{API}/stats/{counted}", period="DAY").body
    assert len(buckets) == 24
    assert (buckets[-1]["count"], len(buckets[-1])) == (now, 3)
    assert len(client.get(f"{API}/stats/{counted}", period="WEEK", timezone="UTC").body) == 7


def test_422_what_is_not_counted_and_no_time_zone(client: Client) -> None:
    assert client.get(f"{API}/stats/owners", period="DAY").status == 422
    answer = client.get(f"{API}/stats/jobs", timezone="Mars/Olympus")
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "timezone",
            "location": "query",
            "message": "must be the name of a time zone, such as UTC or Europe/Berlin",
        }
    ]
