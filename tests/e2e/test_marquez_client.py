"""marquez-python, unchanged: all its reads of what one run has said."""

import json
import os
import subprocess
from collections.abc import Iterator
from secrets import token_hex
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.api import Api
from tests.e2e.registry import Registry
from tests.openlineage.clients import LIMIT_SECONDS, PROGRAMS, ROOT

FACET = {"_producer": "https://example.com/p", "_schemaURL": "https://example.com/s"}


@pytest.fixture
def names(api: Api) -> Iterator[dict[str, str]]:
    unique = token_hex(4)
    yield {
        "namespace": f"s3://lake-{unique}:443",
        "dataset": f"shop/{unique}:orders%20",
        "column": "price/unit",
        "jobs": f"etl://{unique}",
        "job": "load/orders",
        "run": str(uuid4()),
    }
    Registry(api, unique).remove()


def build_event(names: dict[str, str], kind: str, minute: int) -> dict[str, Any]:
    space = names["namespace"]
    source = {"namespace": space, "name": "raw", "field": "price"}
    schemas = [
        {"schema": {**FACET, "fields": [{"name": name, "type": "double"}]}}
        for name in ("price", names["column"])
    ]
    made = {**FACET, "fields": {names["column"]: {"inputFields": [source]}}}
    return {
        "eventType": kind,
        "eventTime": f"2026-05-01T10:{minute:02}:00Z",
        "producer": "https://example.com/p",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": names["run"]},
        "job": {"namespace": names["jobs"], "name": names["job"]},
        "inputs": [{"namespace": space, "name": "raw", "facets": schemas[0]}],
        "outputs": [
            {
                "namespace": space,
                "name": names["dataset"],
                "facets": {**schemas[1], "columnLineage": made},
            }
        ],
    }


def read_with_client(api: Api, names: dict[str, str]) -> dict[str, Any]:
    ran = subprocess.run(
        [
            str(PROGRAMS / "python"),
            *("-m", "tests.openlineage.read_marquez", api.url, json.dumps(names)),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "MARQUEZ_TIMEOUT_MS": "60000"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-5000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_all_reads_of_the_client_answer_what_a_run_has_said(
    api: Api, names: dict[str, str]
) -> None:
    sent = [build_event(names, "START", 1), build_event(names, "COMPLETE", 3)]
    for event in sent:
        assert api.write("POST", "/api/v1/lineage", event).status_code == 201
    found = read_with_client(api, names)
    space, dataset = names["namespace"], names["dataset"]
    assert found["get_namespace"]["name"] == space
    assert {space, names["jobs"]} <= {
        each["name"] for each in found["list_namespaces"]["namespaces"]
    }
    assert found["list_events"] == {"events": sent[::-1], "totalCount": 2}
    assert (found["get_source"]["name"], found["get_source"]["type"]) == (space, "S3")
    assert space in {each["name"] for each in found["list_sources"]["sources"]}
    read = found["get_dataset"]
    assert (read["name"], read["namespace"]) == (dataset, space)
    assert [(field["name"], field["type"]) for field in read["fields"]] == [
        (names["column"], "double")
    ]
    [made] = read["columnLineage"]
    assert [(each["dataset"], each["field"]) for each in made["inputFields"]] == [("raw", "price")]
    [version] = found["list_dataset_versions"]["versions"]
    assert version == found["get_dataset_version"]
    assert version["version"] == read["currentVersion"]
    assert [each["name"] for each in found["list_datasets"]["datasets"]] == ["raw", dataset]
    job = found["get_job"]
    assert (job["name"], job["namespace"]) == (names["job"], names["jobs"])
    assert job["inputs"] == [{"namespace": space, "name": "raw"}]
    assert job["outputs"] == [{"namespace": space, "name": dataset}]
    assert [each["name"] for each in found["list_jobs"]["jobs"]] == [names["job"]]
    [run] = found["list_job_runs"]["runs"]
    assert (run["id"], run["state"], run["durationMs"]) == (names["run"], "COMPLETED", 120_000)
    assert found["get_job_run"]["id"] == names["run"]
    column = f"datasetField:{space}:{dataset}:{names['column']}"
    raw = f"datasetField:{space}:raw:price"
    for how in ("dataset", "dataset_field", "job"):
        graph = found[f"get_column_lineage_by_{how}"]["graph"]
        assert {node["id"] for node in graph} == {column, raw}, how
    assert isinstance(found["list_tags"]["tags"], list)
