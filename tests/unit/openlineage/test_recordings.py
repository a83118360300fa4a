"""The events of the clients, as far as the registry relies on them. A new recording may change
them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.openlineage import recordings
from tests.template import ROOT

PINS = (ROOT / "requirements" / "openlineage.txt").read_text()
MACHINE = re.compile(r"/(?:home|root|tmp|Users|private|var)/|localhost|127\.0\.0\.1")


def datasets(event: dict[str, Any], *roles: str) -> Iterator[dict[str, Any]]:
    for role in roles:
        yield from event.get(role, [])


def names(recording: str, *roles: str) -> set[str]:
    events = recordings.read(recording).events
    return {dataset["name"] for event in events for dataset in datasets(event, *roles)}


def job(recording: str, name: str) -> list[dict[str, Any]]:
    return [e for e in recordings.read(recording).events if e["job"]["name"].startswith(name)]


@pytest.mark.parametrize("name", recordings.NAMES)
def test_they_were_sent_by_the_pinned_clients(name: str) -> None:
    text = (recordings.FOLDER / f"{name}.json").read_text()
    versions = set(re.findall(r"OpenLineage/tree/([\d.]+)/", text))
    assert [f"openlineage-python=={version} " in PINS for version in versions] == [True]
    assert not MACHINE.search(text)
    recording = recordings.read(name)
    assert recording.path == "/api/v1/lineage"
    assert recording.headers["content-type"] == "application/json"


def test_dbt_sends_all_starts_then_all_completions_then_all_failures() -> None:
    order = ["START", "COMPLETE", "FAIL"]
    types = [event["eventType"] for event in recordings.read("dbt-test-failed").events[1:-1]]
    assert types == sorted(types, key=order.index)
    assert set(types) == set(order)


def test_a_seed_is_known_from_column_lineage_alone() -> None:
    """Seeds that a project declares as sources as well are inputs."""
    assert "bikes.main_raw.stations" not in names("dbt-build", "inputs", "outputs")
    *_, event = job("dbt-build", "bikes.main.bike_rental.stg_stations.build.run")
    assert event["inputs"] == []
    fields = event["outputs"][0]["facets"]["columnLineage"]["fields"]
    [source] = fields["district"]["inputFields"]
    assert source == {
        "namespace": "duckdb://bikes.duckdb",
        "name": "bikes.main_raw.stations",
        "field": "district",
        "transformations": [],
    }


def test_the_fields_of_a_schema_may_have_no_type() -> None:
    *_, event = job("dbt-build", "bikes.main.bike_rental.stg_stations.build.run")
    types = {f["name"]: f.get("type") for f in event["outputs"][0]["facets"]["schema"]["fields"]}
    assert types == {"station_id": "integer", "district": None}


def test_a_failed_test_is_told_by_a_failed_run_with_all_tests_of_its_dataset() -> None:
    start, end = job("dbt-test-failed", "bikes.main.bike_rental.stg_stations.test")
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    [dataset] = end["inputs"]
    assert end["outputs"] == []
    facet = dataset["inputFacets"]["dataQualityAssertions"]
    assert facet == dataset["facets"]["dataQualityAssertions"]
    told = {(a["assertion"], a["column"], a["name"]): a["success"] for a in facet["assertions"]}
    # Two tests may differ in nothing but their names.
    assert {name[2]: success for name, success in told.items() if name[1] == "district"} == {
        "accepted_values_stg_stations_district__North__West__Centre__East": True,
        "only_two_districts": False,
    }
    assert {name[:2] for name in told if name[1] == "district"} == {("accepted_values", "district")}


def test_while_dbt_runs_each_test_is_an_event_and_names_a_table_that_is_not_there() -> None:
    tests = [
        event
        for event in job("dbt-structured-logs", "test.")
        if event["eventType"] != "START" and ".sql." not in event["job"]["name"]
    ]
    assert {event["job"]["facets"]["jobType"]["jobType"] for event in tests} == {"TEST"}
    ends = [event["eventType"] for event in tests]
    # What comes last is not what matters.
    assert sorted(ends) == ["COMPLETE", "COMPLETE", "COMPLETE", "FAIL"]
    for event in tests:
        [dataset] = event["inputs"]
        assert dataset["name"] == "bikes.main.stg_stations"
        assert len(dataset["facets"]["dataQualityAssertions"]["assertions"]) == 1
        [table] = event["outputs"]
        assert table["name"].startswith("bikes.main_dbt_test__audit.")


def test_while_dbt_runs_there_is_no_column_lineage() -> None:
    events = recordings.read("dbt-structured-logs").events
    outputs = [dataset for event in events for dataset in datasets(event, "outputs")]
    assert outputs
    assert [dataset for dataset in outputs if "columnLineage" in dataset["facets"]] == []
