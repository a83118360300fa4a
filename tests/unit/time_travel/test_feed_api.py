"""The parameters and answers of the feed of commits."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.past import Timeline
from tests.unit.time_travel.test_feed import describe, fill, find_cursor


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


def test_filters(serve: Serve, timeline: Timeline) -> None:
    fill(timeline)
    client = serve("analytics", timeline.resources())
    found = client.get("/changes", after="oldest", domain="Finance").body["commits"]
    assert [describe(each)[2] for each in found][:2] == [
        {"added": ["revenue"]},
        {"added": ["orders-revenue"]},
    ]
    found = client.get("/changes", after="oldest", product="orders").body["commits"]
    assert "revenue" not in [each["name"] for page in found for each in page["products"]["added"]]


def test_a_cursor_belongs_to_its_filters(serve: Serve, timeline: Timeline) -> None:
    fill(timeline)
    client = serve("analytics", timeline.resources())
    cursor = client.get("/changes", after="oldest", limit=1).body["next_cursor"]
    answer = client.get("/changes", after=cursor, domain="sales")
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "after"


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "A" * 4000, "oldest "])
def test_another_text_is_no_cursor(serve: Serve, timeline: Timeline, cursor: str) -> None:
    answer = serve("analytics", timeline.resources()).get("/changes", after=cursor)
    assert answer.status == 422
    assert "is no cursor of a feed" in answer.body["message"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "now", "since": "2026-01-01T00:00:00Z"}, "since"),
        ({"after": "now", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"after": "now", "offset": 1}, "offset"),
        ({"after": "now", "as_of": "2026-01-01T00:00:00Z"}, "as_of"),
        ({"after": "now", "wait": 11}, "wait"),
        ({"after": "now", "limit": 1001}, "limit"),
        ({"since": "2026-01-01T00:00:00Z", "wait": 1}, "wait"),
        ({}, "since"),
    ],
)
def test_parameters_that_do_not_fit(
    serve: Serve, timeline: Timeline, query: dict[str, Any], field: str
) -> None:
    answer = serve("analytics", timeline.resources()).get("/changes", **query)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == field


def test_a_gap_is_410_and_says_how_to_go_on(serve: Serve, timeline: Timeline) -> None:
    client: Client = serve("analytics", timeline.resources())
    cursor = client.get("/changes", after="now").body["next_cursor"]
    fill(timeline)
    timeline.products.expire(2)
    # Who may see the lineage that is older than all products that are kept cannot be told.
    for document in ("products.json", "lineage.json"):
        answer = client.get("/changes", after=cursor)
        assert answer.status == 410
        assert f"Commits of {document} behind this cursor" in answer.body["message"]
        cursor = find_cursor(answer.body["message"])
    answer = client.get("/changes", after=cursor)
    assert [describe(each)[1] for each in answer.body["commits"]] == [4]
