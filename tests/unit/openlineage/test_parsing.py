"""The bodies that are an event, and those that are not."""

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from datamesh.errors.events import InvalidEvent
from datamesh.http import event_schema
from datamesh.models.json_codec import decode_value, encode_canonical
from datamesh.models.openlineage import EVENT_EXAMPLE, DatasetEvent, JobEvent, RunEvent
from datamesh.services.marquez.events import read_text
from datamesh.services.openlineage.keeping import read_kept_event
from datamesh.services.openlineage.parsing import parse_event, receive_event
from datamesh.storage.event_log import pack_event
from tests.events import dataset, dataset_event, job_event, run_event

ACCEPTED = OAS31Validator(event_schema.EVENT)


def refusal(raw: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidEvent) as refused:
        receive_event(raw)
    return refused.value.problems


def without(event: dict[str, Any], field: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != field}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (run_event(["a"], ["b"]), RunEvent),
        (job_event(["a"], ["b"]), JobEvent),
        (dataset_event(dataset("a")), DatasetEvent),
        (EVENT_EXAMPLE, RunEvent),
        ({**job_event(), "dataset": dataset("a")}, JobEvent),
        ({**run_event(), "inputs": None, "eventType": None}, RunEvent),
        ({**run_event(), "run": None}, JobEvent),
        ({**job_event(), "run": None, "dataset": None}, JobEvent),
        ({**dataset_event(dataset("a")), "run": None, "job": None, "inputs": None}, DatasetEvent),
        ({**run_event(), "more": {"a": [1]}, "inputs": [dataset("a", facets=None)]}, RunEvent),
    ],
)
def test_an_event_is_told_by_what_it_has(raw: Any, kind: type) -> None:
    assert type(parse_event(raw)) is kind
    assert ACCEPTED.is_valid(raw)


def test_an_event_that_has_nothing_but_nulls_is_refused() -> None:
    raw = {**run_event(), "run": None, "job": None}
    assert {name for name, _ in refusal(raw)} == {"run", "job"}
    assert not ACCEPTED.is_valid(raw)


@pytest.mark.parametrize("field", ["eventTime", "producer", "job"])
def test_a_required_field_that_is_missing_is_named(field: str) -> None:
    raw = without(run_event(), field)
    assert refusal(raw) == [(field, "Field required")]
    assert not ACCEPTED.is_valid(raw)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"run": {"runId": ""}}, "run.runId"),
        ({"run": {"runId": 1}}, "run.runId"),
        ({"run": {}}, "run.runId"),
        ({"job": {"namespace": "n"}}, "job.name"),
        ({"job": {"namespace": "", "name": "j"}}, "job.namespace"),
        ({"job": {"namespace": "n", "name": "j" * 1025}}, "job.name"),
        ({"producer": ""}, "producer"),
        ({"eventTime": "yesterday"}, "eventTime"),
        ({"eventTime": "2026-01-31"}, "eventTime"),
        ({"eventTime": 1769851800}, "eventTime"),
        ({"eventTime": "1769851800"}, "eventTime"),
        ({"eventTime": "0001-01-01T00:00:00+14:00"}, "eventTime"),
        ({"eventTime": "9999-12-31T23:59:59-14:00"}, "eventTime"),
    ],
)
def test_a_field_that_is_not_as_specified_is_named(changes: Any, field: str) -> None:
    assert [name for name, _ in refusal({**run_event(), **changes})] == [field]


@pytest.mark.parametrize("raw", [None, 7, "text", [], [run_event()]])
def test_what_is_no_object_is_no_event(raw: Any) -> None:
    assert refusal(raw) == [("", "an event is a JSON object")]


def test_what_is_of_no_kind_is_no_event() -> None:
    raw = without(without(run_event(), "run"), "job")
    assert refusal(raw) == [("run", "Field required, or job or dataset in its place")]


def test_a_number_that_json_cannot_write_is_refused() -> None:
    raw = {**run_event(), "facet": [float("inf")]}
    assert refusal(raw) == [("", "has a number that is too large")]


def test_times_are_read_with_nanoseconds_and_zones_and_kept_by_their_day_in_utc() -> None:
    raw = {**run_event(), "eventTime": "2026-02-01T00:30:00.123456789+01:00"}
    assert receive_event(raw).name.startswith("2026-01-31/")
    assert receive_event({**raw, "eventTime": "2026-02-01T00:30:00"}).name.startswith("2026-02-01/")


def test_the_same_event_has_the_same_name_whatever_the_order_of_its_keys() -> None:
    raw = run_event(["a"], ["b"])
    assert receive_event(dict(reversed(raw.items()))) == receive_event(raw)
    assert receive_event({**raw, "more": 1}).name != receive_event(raw).name


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("hello", "5d41402a-bc4b-3a76-b971-9d911017c592"),
        ("0192F0C5-5A4E-7CC3-9F0E-6F0C1F0D2B11", "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"),
    ],
)
def test_a_run_id_that_is_no_uuid_is_read_as_marquez_reads_it(text: str, run: str) -> None:
    raw = {**run_event(), "run": {"runId": text}}
    event = parse_event(raw)
    assert isinstance(event, RunEvent)
    assert str(event.run.run_id) == run
    assert ACCEPTED.is_valid(raw)


NAMELESS = {"namespace": "n", "name": ""}


@pytest.mark.parametrize(
    ("changes", "skipped"),
    [
        ({"inputs": [dataset("a"), {"name": "a"}, 7, None]}, ["inputs.1", "inputs.2", "inputs.3"]),
        ({"outputs": [NAMELESS, dataset("a")]}, ["outputs.0"]),
        ({"outputs": [dataset("a", namespace="")]}, ["outputs.0"]),
        ({"outputs": [dataset(" \t"), dataset("a", namespace=" ")]}, ["outputs.0", "outputs.1"]),
        ({"outputs": [dataset("a" * 1024), dataset("a" * 1025)]}, ["outputs.1"]),
        ({"outputs": {}, "inputs": ""}, ["inputs", "outputs"]),
        ({"inputs": [NAMELESS, dataset("a", facets=[])]}, ["inputs.0", "inputs.1.facets"]),
        ({"inputs": [dataset("a", facets={"schema": 7, "x": None})]}, ["inputs.0.facets"]),
        ({"inputs": [dataset("a", inputFacets={"schema": None})]}, []),
        ({"job": {"namespace": "n", "name": "j", "facets": "x"}}, ["job.facets"]),
        ({"eventType": "DONE"}, ["eventType"]),
        ({"eventType": 7}, ["eventType"]),
        ({"schemaURL": 7}, []),
    ],
)
def test_a_bad_part_is_skipped_and_the_event_is_read(changes: Any, skipped: list[str]) -> None:
    raw = {**run_event(), **changes}
    received = receive_event(raw)
    assert list(received.skipped) == skipped
    assert ACCEPTED.is_valid(raw)
    names = {place for place in skipped if place.startswith(("inputs", "outputs"))}
    event = received.event
    assert isinstance(event, RunEvent)
    for role, read in (("inputs", event.inputs), ("outputs", event.outputs)):
        whole = [each for each in names if each.startswith(role) and not each.endswith("facets")]
        sent = raw[role] if isinstance(raw[role], list) else []
        assert len(read) == len(sent) - len([each for each in whole if each != role])


@pytest.mark.parametrize("kind", ["complete", "Complete", "COMPLETE"])
def test_the_type_of_an_event_is_read_in_any_case(kind: str) -> None:
    event = parse_event({**run_event(), "eventType": kind})
    assert isinstance(event, RunEvent)
    assert event.event_type == "COMPLETE"


@pytest.mark.parametrize("time", ["2026-06-30T23:59:60Z", "2026-06-30t23:59:60.5+00:00"])
def test_a_leap_second_is_the_second_before_it(time: str) -> None:
    read = parse_event({**run_event(), "eventTime": time}).event_time
    assert (read.minute, read.second) == (59, 59)


def test_what_was_not_read_is_kept() -> None:
    raw = {**run_event(), "outputs": [NAMELESS]}
    assert b'"name":""' in receive_event(raw).body


def test_an_event_about_a_dataset_without_a_name_is_refused() -> None:
    assert [name for name, _ in refusal(dataset_event(NAMELESS))] == ["dataset.name"]


def test_nothing_of_a_password_is_kept_or_read() -> None:
    secret = "postgres://etl:pa55@db"
    facets = {"dataSource": {"uri": secret}, "spark": {"fs.s3a.secret.key": "pa55"}}
    raw = run_event([{"namespace": secret, "name": "t", "facets": facets}], ["b"])
    received = receive_event(raw)
    assert b"pa55" not in received.body
    assert b'"namespace":"postgres://etl:****@db"' in received.body
    assert "pa55" not in repr(received.event)
    assert receive_event(decode_value(received.body)).digest == received.digest


def test_events_of_earlier_versions_are_read_without_their_passwords() -> None:
    raw = run_event([{"namespace": "postgres://etl:pa55@db", "name": "t"}], ["b"])
    body = encode_canonical(raw)
    assert b"pa55" not in read_text("2026-01-01/a.json.gz", body).body
    kept = read_kept_event("2026-01-01/a.json.gz", pack_event(body))
    assert kept.received.event == receive_event(raw).event
