"""Facets that name what is hidden, of datasets, jobs and runs that are shown; tags of jobs."""

from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.storage.job_files import JOB_INDEX_KEY
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.meshes import Bucket, event_pipeline, mesh, resources
from tests.unit.access.test_views import DATA, FACET, ORDERS, READER, RUN, SECRET, Mesh, event

REVENUE = {"namespace": "shop", "name": "revenue"}
INPUT = {**SECRET, "field": "grade"}
PARENT = {"run": {"runId": RUN}, "job": {"namespace": "payroll", "name": "pay_people"}}
VERSIONS = "/api/v1/namespaces/shop/datasets/revenue/versions"
JOB = "/api/v1/namespaces/nightly/jobs/daily"
RUN_FACETS = f"/api/v1/jobs/runs/{RUN}/facets?type=run"
JOB_FACETS = f"/api/v1/jobs/runs/{RUN}/facets?type=job"
READS = (VERSIONS, JOB, RUN_FACETS, JOB_FACETS)
FACETS = ("columnLineage", "lineage", "parent")


class KeptMesh(Mesh):
    """A mesh that keeps events, jobs and runs where they are read."""

    def build_resources(self) -> Resources:
        bucket = Bucket()
        registry = mesh(jobs=bucket[JOB_INDEX_KEY])
        return resources(registry, files=DATA, bucket=bucket, events=event_pipeline(bucket))


@pytest.fixture
def told(serve: Serve) -> Mesh:
    """Return a mesh in which a shown job reads a private product, and its facets say so."""
    made = KeptMesh(serve, has_secret=True)
    output = {
        **REVENUE,
        "facets": {
            "schema": {**FACET, "fields": [{"name": "total", "type": "double"}]},
            "columnLineage": {**FACET, "fields": {"total": {"inputFields": [INPUT]}}},
            "documentation": {**FACET, "description": "Of each day"},
        },
    }
    job = {
        "namespace": "nightly",
        "name": "daily",
        "facets": {
            "lineage": {**FACET, "inputs": [INPUT]},
            "sourceCode": {**FACET, "language": "sql", "sourceCode": "select 1"},
        },
    }
    body: dict[str, Any] = event(RUN, job, [ORDERS, SECRET], [output])
    facets = {
        "parent": {**FACET, **PARENT},
        "nominalTime": {**FACET, "nominalStartTime": "2026-02-01T09:00:00Z"},
    }
    body |= {"run": {"runId": RUN, "facets": facets}, "eventTime": "2026-02-01T09:30:00Z"}
    made.post("openlineage", "/api/v1/lineage", body)
    return made


def test_facets_that_name_what_is_hidden_are_left_out(told: Mesh) -> None:
    answers = [told.get("marquez", path, principal=ANONYMOUS) for path in READS]
    text = " ".join(each.content.decode() for each in answers)
    assert [each.status for each in answers] == [200] * len(READS)
    assert [name for name in ("vault", "salaries", "grade", "pay_people") if name in text] == []
    kept = ("documentation", "sourceCode", "nominalTime")
    assert [name for name in kept if f'"{name}"' not in text] == []


def test_readers_of_its_domain_have_them(told: Mesh) -> None:
    for caller in (READER, {"principal": "key:key-1"}):
        answers = [told.get("marquez", path, **caller) for path in READS]
        text = " ".join(each.content.decode() for each in answers)
    assert [name for name in FACETS if f'"{name}"' not in text] == []


def test_a_tag_of_a_hidden_job_is_not_listed(told: Mesh) -> None:
    for job, tag in (("payroll/jobs/pay_people", "hush"), ("nightly/jobs/daily", "slow")):
        told.post("marquez_writes", f"/api/v1/namespaces/{job}/tags/{tag}", None)
    listed = told.get("marquez", "/api/v1/tags", principal=ANONYMOUS).body["tags"]
    assert [each["name"] for each in listed] == ["slow"]
