"""marquez-python, unchanged: all its reads of what one run has said, and what it writes."""

import json
import os
import subprocess
from collections.abc import Iterator
from secrets import token_hex
from typing import Any
from urllib.parse import quote
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


def run_client(api: Api, program: str, names: dict[str, str]) -> dict[str, Any]:
    ran = subprocess.run(
        [
            str(PROGRAMS / "python"),
            *("-m", f"tests.openlineage.{program}", api.url, json.dumps(names)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MARQUEZ_TIMEOUT_MS": "60000",
            "API_KEY": api.key,
        },
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
    found = run_client(api, "read_marquez", names)
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


def test_what_the_client_writes_is_read_back(api: Api, names: dict[str, str]) -> None:
    assert (
        api.write("POST", "/api/v1/lineage", build_event(names, "COMPLETE", 3)).status_code == 201
    )
    names["tag"] = names["dataset"].replace("/", ":").upper()
    written = run_client(api, "write_marquez", names)
    tag = names["tag"].lower()
    assert written["create_namespace"]["ownerName"] == "lake-team"
    assert written["create_tag"] == {"name": tag, "description": "Personal data"}
    assert written["create_source"]["type"] == "POSTGRESQL"
    assert written["tag_dataset"]["tags"] == [tag]
    [field] = written["tag_dataset_field"]["fields"]
    assert (field["name"], field["tags"]) == (names["column"], [tag])
    found = run_client(api, "read_marquez", names)
    assert found["get_dataset"] == written["tag_dataset_field"]
    assert found["get_source"] == written["create_source"]
    assert found["get_namespace"]["description"] == "The lake"
    assert written["create_tag"] in found["list_tags"]["tags"]


def test_datasets_and_jobs_are_tagged_and_deleted_as_the_web_client_does(
    api: Api, names: dict[str, str]
) -> None:
    assert (
        api.write("POST", "/api/v1/lineage", build_event(names, "COMPLETE", 3)).status_code == 201
    )
    space, jobs = (quote(names[key], safe="") for key in ("namespace", "jobs"))
    dataset = f"/api/v1/namespaces/{space}/datasets/{quote(names['dataset'], safe='')}"
    job = f"/api/v1/namespaces/{jobs}/jobs/{quote(names['job'], safe='')}"
    for path in (dataset, job):
        assert api.call("DELETE", path).status_code == 401
        assert api.write("POST", f"{path}/tags/checked").json()["tags"] == ["checked"]
        assert api.write("DELETE", f"{path}/tags/checked").json()["tags"] == []
        assert api.write("DELETE", path).json()["name"] in names.values()
        assert api.write("DELETE", path).status_code == 404
    assert api.write("PUT", "/api/v1/unknown", {}).json()["code"] == 404
