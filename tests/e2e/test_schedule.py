"""The schedule keeps the day's snapshot, and figures from day to day."""

import time
from typing import Any

import pytest

from tests.e2e.api import Api

RUN_SECONDS = 600.0
"""The time for a run: on a stack the schedule is due each minute; `make run` keeps it at once."""


@pytest.fixture(scope="module")
def snapshot(api: Api) -> dict[str, Any]:
    """The latest, once there is one."""
    deadline = time.monotonic() + RUN_SECONDS
    while (answer := api.get("/analytics/snapshot")).status_code == 404:
        assert time.monotonic() < deadline, "the schedule has kept no snapshot"
        time.sleep(0.1)
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def test_a_snapshot_has_the_figures_of_the_mesh(snapshot: dict[str, Any]) -> None:
    """Those of the example mesh, and of whatever other tests had registered by then."""
    products, lineage = snapshot["products"], snapshot["lineage"]
    assert products["by_domain"]["finance"] == 4
    assert products["total"] == sum(products["by_status"].values())
    assert products["total"] == sum(products["by_owner"].values())
    assert 12 <= products["complete"]["schema"] <= products["total"]
    assert lineage["total"] == sum(lineage["by_type"].values())
    assert 0 <= lineage["lowest_confidence"] <= lineage["mean_confidence"] <= 1
    assert lineage["most_depended_upon"][0]["reach"] >= 5  # that of orders
    assert snapshot["storage"]["products"]["revision"] >= 12


def test_a_day_has_its_snapshot_and_others_have_none(api: Api, snapshot: dict[str, Any]) -> None:
    day = api.get("/analytics/snapshot", params={"date": snapshot["date"]})
    assert day.json()["date"] == snapshot["date"]
    missing = api.get("/analytics/snapshot", params={"date": "2001-01-31"})
    assert (missing.status_code, missing.json()["message"]) == (
        404,
        "There is no snapshot of 2001-01-31",
    )


def test_a_trend_has_the_day_that_is_kept(api: Api, snapshot: dict[str, Any]) -> None:
    days = {"since": snapshot["date"], "until": snapshot["date"]}

    def kept() -> dict[str, Any]:
        taken = api.get("/analytics/snapshot", params={"date": snapshot["date"]}).json()
        return {"date": snapshot["date"], "value": taken["lineage"]["cycles"]}

    before = kept()
    trend = api.get("/analytics/trends", params={"metric": "lineage.cycles", **days}).json()
    # The next run may have replaced it meanwhile.
    assert trend["points"] in ([before], [kept()])


def test_metrics_tell_the_age_of_the_snapshot(api: Api, snapshot: dict[str, Any]) -> None:
    [line] = [
        line
        for line in api.get("/metrics").text.splitlines()
        if line.startswith("datamesh_snapshot_age_seconds ")
    ]
    assert 0 <= float(line.partition(" ")[2]) < 3600


@pytest.mark.usefixtures("snapshot")
def test_nobody_asked_for_usage_that_cloudwatch_does_not_tell(api: Api) -> None:
    def kept() -> object:
        return api.get("/analytics/snapshot").json()["usage"]

    before = kept()
    answer = api.get("/analytics/usage")
    assert answer.status_code == 200
    # The next run may have replaced it meanwhile, and be that of another day.
    assert answer.json() in (before, kept())
