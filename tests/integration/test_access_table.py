"""Every cell of the tables of docs/reference/access.md, through the handlers."""

from collections.abc import Iterator, Mapping

import pytest

from datamesh.http.app import MeshRoute
from datamesh.http.gateway import ANONYMOUS
from datamesh.models.access import Grant
from datamesh.models.read_access import ReadAccess, ReadKind
from dev.reference.access import CALLERS, DOMAIN, TableCaller, TableRow, list_rows
from tests.lambdas import AREAS, Answer, import_app
from tests.sample_mesh import SampleCaller, SampleMesh, build_sample_mesh

READS = [row for row in list_rows() if "read" in row.declared]
WRITES = [row for row in list_rows() if "write" in row.declared]
DOMAINS = {"/marketing/campaigns": "marketing", "/finance/transactions": "finance"}
"""Path -> the domain that it asks for, if it is not that of the tables."""
NOTHING_STORED = {"GET /analytics/snapshot", "GET /analytics/usage"}
"""Reads of what a scheduled run stores."""
NO_PAST = {"/domains/{domain}/{dataset}", "/domains/{domain}/{dataset}/files"}
"""Paths that are 422 with `as_of`: the data of Delta tables alone has a past."""
MOMENT = "2026-11-27T00:00:00Z"


@pytest.fixture(scope="module", autouse=True)
def metrics_namespace() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")
        yield


@pytest.fixture(scope="module")
def filled(imported_functions: None, event_loop: None, metrics_namespace: None) -> SampleMesh:
    return build_sample_mesh()


def become(caller: TableCaller, domain: str) -> SampleCaller:
    """Return the caller of a column, whose roles here are those of a domain."""
    if caller.principal is None:
        return SampleCaller(ANONYMOUS)
    return SampleCaller(caller.principal, [describe(each, domain) for each in caller.grants])


def describe(grant: Grant, domain: str) -> Mapping[str, str]:
    if grant.domain == "*":
        place = "*"
    elif grant.domain == DOMAIN:
        place = domain
    else:
        place = "elsewhere"
    return {"role": str(grant.role), "domain": place}


def read_refusal(answer: Answer) -> str:
    """Return what a caller was refused with, in the words of the tables; empty if with nothing."""
    if answer.status in (401, 403, 404):
        return str(answer.status)
    if isinstance(answer.body, dict) and answer.body.get("failed_events"):
        return "in the report"
    return ""


@pytest.mark.parametrize("row", READS, ids=[row.title for row in READS])
def test_a_row_of_reads(filled: SampleMesh, row: TableRow) -> None:
    sample = filled.find_sample(f"{row.method} {row.path}")
    query = [("as_of", MOMENT)] if row.is_past else []
    domain = DOMAINS.get(row.path, DOMAIN)
    found = {
        (caller.title, str(mode)): filled.send(sample, become(caller, domain), str(mode), query)
        for caller in CALLERS
        for mode in ReadAccess
    }
    refused = {cell: read_refusal(answer) for cell, answer in found.items()}
    missing = "404" if row.title in NOTHING_STORED else ""
    assert refused == {
        (caller.title, str(mode)): row.find_refusal(caller, mode) or missing
        for caller in CALLERS
        for mode in ReadAccess
    }
    answered = {answer.status for cell, answer in found.items() if not refused[cell]}
    assert answered <= ({422} if row.is_past and row.path in NO_PAST else {200}), found


@pytest.mark.parametrize("row", WRITES, ids=[row.title for row in WRITES])
def test_a_row_of_writes(filled: SampleMesh, row: TableRow) -> None:
    sample = filled.find_sample(f"{row.method} {row.path}")
    found = {
        caller.title: filled.copy().send(sample, become(caller, DOMAIN), "keyed")
        for caller in CALLERS
    }
    refused = {title: read_refusal(answer) for title, answer in found.items()}
    assert refused == {
        caller.title: row.find_refusal(caller, ReadAccess.KEYED) for caller in CALLERS
    }, {title: answer.body for title, answer in found.items()}
    answered = {answer.status for title, answer in found.items() if not refused[title]}
    assert answered <= {200, 201}, found


def test_every_route_is_in_the_document_or_documentation_itself(imported_functions: None) -> None:
    rows = {(row.method, row.path) for row in list_rows()}
    left_out = {
        (method, path)
        for route in list_routes()
        for method in route.methods or ()
        if (method, path := route.path.replace(":path}", "}")) not in rows
        and route.declared_read.kind is not ReadKind.PUBLIC
    }
    assert left_out == set()


def list_routes() -> Iterator[MeshRoute]:
    for area in AREAS:
        for route in import_app(area).routes:
            if isinstance(route, MeshRoute):
                yield route


def test_every_write_declares_who_may() -> None:
    assert [row.title for row in list_rows() if not row.declared] == []
