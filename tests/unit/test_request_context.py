"""The context of a request: its commits have ids of their own, and none is made unaudited."""

from dataclasses import replace

import pytest

from datamesh.http.context import create_task_record
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.context import Attempt, RequestContext
from datamesh.services.permissions import create_unlimited_permissions
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import MemoryObject
from tests.contexts import NO_DEADLINE
from tests.lambdas import LambdaContext
from tests.meshes import NO_WAIT, NOON, Bucket
from tests.unit.storage.faults import add


def create_context() -> RequestContext:
    record = create_task_record("task", LambdaContext())
    trail = AuditTrail(record, Bucket().__getitem__, NO_WAIT)
    permissions = create_unlimited_permissions("schedule")
    return RequestContext("schedule", NO_DEADLINE, permissions, trail)


def names(stored: MemoryObject) -> list[str]:
    return list(Document(stored, ProductsFile, NO_WAIT).read(NO_DEADLINE).products)


@pytest.mark.parametrize("attempted", [False, True])
def test_a_second_commit_of_a_request_is_not_taken_for_its_first(attempted: bool) -> None:
    stored = MemoryObject("products.json")
    document = Document(stored, ProductsFile, NO_WAIT)
    context = create_context()
    if attempted:
        attempt = Attempt("k-1", NOON, {"products.json": 0}, repeated=False)
        context = replace(context, attempt=attempt)
    context.commit_audited(document, add("first"))
    Document(stored, ProductsFile, NO_WAIT).commit(add("rival"), NO_DEADLINE)
    context.commit_audited(document, add("second"))
    assert names(stored) == ["first", "rival", "second"], "a commit was reported, and is lost"


def test_derived_commits_of_a_request_have_ids_of_their_own_too() -> None:
    stored = MemoryObject("products.json")
    document = Document(stored, ProductsFile, NO_WAIT)
    context = create_context()
    context.commit_derived(document, add("first"))
    Document(stored, ProductsFile, NO_WAIT).commit(add("rival"), NO_DEADLINE)
    context.commit_derived(document, add("second"))
    assert names(stored) == ["first", "rival", "second"]


def test_a_repeated_request_gives_its_commits_the_same_ids() -> None:
    stored = MemoryObject("products.json")
    document = Document(stored, ProductsFile, NO_WAIT)
    attempt = Attempt("k-1", NOON, {"products.json": 0}, repeated=False)
    for repeated in (False, True):
        tried = replace(create_context(), attempt=replace(attempt, repeated=repeated))
        assert tried.commit_audited(document, add("first"), lambda file, revision: 1) == 1
        assert tried.commit_audited(document, add("second"), lambda file, revision: 2) == 2
    assert names(stored) == ["first", "second"]
    assert document.read(NO_DEADLINE).recent == ("k-1", "k-1.2")


def test_a_read_cannot_commit() -> None:
    context = replace(create_context(), audit=None)
    document = Document(MemoryObject("products.json"), ProductsFile, NO_WAIT)
    with pytest.raises(RuntimeError, match=r"without an audit trail commits to products\.json"):
        context.commit_audited(document, add("first"))


def test_two_requests_of_one_process_have_nothing_in_common() -> None:
    document = Document(MemoryObject("products.json"), ProductsFile, NO_WAIT)
    one, other = create_context(), create_context()
    one.commit_audited(document, add("a"))
    other.commit_audited(document, add("b"))
    assert isinstance(one.audit, AuditTrail)
    record = one.audit.complete_record(200, NO_DEADLINE)
    assert [commit.products for commit in record.commits] == [("a",)]
