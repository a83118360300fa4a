"""Rivals on one document of the real S3 server, without faults."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from random import Random
from threading import Barrier

import pytest

from datamesh.errors.storage import Contended, OutcomeUnknown
from datamesh.services.context import RequestContext
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import StoredObject, Unchanged
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.versions import S3Versions
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.faults import report
from tests.faults.judge import Outcome, ReportedCommit, judge
from tests.races.history import History
from tests.races.linearizability import find_contradictions
from tests.races.traffic import operate, read_all, registry_over
from tests.unit.storage.faults import add

PROCESSES = 8
COMMITS = 100
CREATORS = 50
READERS_AND_WRITERS = 6
OPERATIONS = 20


BACKOFF = Backoff(attempts=200)
SECONDS = 60.0
"""Long, since SeaweedFS polls its lock once a second under contention."""


def open_document(bucket: str, key: str) -> Document[ProductsFile]:
    return Document(S3Object(create_client(), bucket, key), ProductsFile, BACKOFF)


def create_context() -> RequestContext:
    return replace(CONTEXT, deadline=Deadline.from_now(SECONDS))


def commit_all(document: Document[ProductsFile], tokens: Sequence[str]) -> list[ReportedCommit]:
    return [_try_commit(document, token) for token in tokens]


def _try_commit(document: Document[ProductsFile], token: str) -> ReportedCommit:
    try:
        count = document.commit(add(token), Deadline.from_now(SECONDS))
    except Contended:
        return ReportedCommit(token, Outcome.REFUSED)
    except OutcomeUnknown:
        return ReportedCommit(token, Outcome.UNKNOWN)
    return ReportedCommit(token, Outcome.ACKNOWLEDGED, count - 1)


def commit_in_process(arguments: tuple[dict[str, str], str, int]) -> list[ReportedCommit]:
    environment, bucket, writer = arguments
    os.environ.update(environment)
    mine = open_document(bucket, "raced.json")
    return commit_all(mine, [f"{writer}-{number}" for number in range(COMMITS)])


def count_outcomes(told: Sequence[ReportedCommit], started: float) -> dict[str, object]:
    outcomes = Counter(one.outcome for one in told)
    return {
        "commits": len(told),
        **{str(outcome): n for outcome, n in outcomes.items()},
        "seconds": round(time.monotonic() - started, 1),
    }


def test_processes_on_one_document(
    bucket: str, environment: dict[str, str], figures: report.Figures
) -> None:
    started = time.monotonic()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        arguments = [(environment, bucket, writer) for writer in range(PROCESSES)]
        told = [one for each in pool.map(commit_in_process, arguments) for one in each]
    figures[f"{PROCESSES} processes on one document"] = count_outcomes(told, started)
    check_document(open_document(bucket, "raced.json"), told)
    assert len(told) == PROCESSES * COMMITS
    assert sum(one.outcome is Outcome.ACKNOWLEDGED for one in told) > len(told) * 0.9


def check_document(document: Document[ProductsFile], told: Sequence[ReportedCommit]) -> None:
    file = document.read_latest(NO_DEADLINE)
    verdict = judge(told, list(file.products))
    assert not verdict.is_guilty, verdict
    # A name cannot be there twice, but a commit that ran twice would count twice.
    assert file.revision == len(file.products)


def test_simultaneous_creates(
    bucket: str, environment: dict[str, str], figures: report.Figures
) -> None:
    """All find no object, and all try to make it."""
    together = Barrier(CREATORS)
    client = create_client()

    class Simultaneous(S3Object):
        first = True

        def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
            found = super().get(known_etag)
            if self.first:
                self.first = False
                assert found is None
                together.wait(30)
            return found

    def create(writer: int) -> list[ReportedCommit]:
        stored = Simultaneous(client, bucket, "created.json")
        return commit_all(Document(stored, ProductsFile, BACKOFF), [f"{writer}"])

    started = time.monotonic()
    told = threads(CREATORS, create)
    figures[f"{CREATORS} simultaneous creates"] = count_outcomes(told, started)
    check_document(open_document(bucket, "created.json"), told)
    stored = S3Versions(client, bucket, "created.json")
    versions = stored.list_versions().versions
    revisions = sorted(read_revision(stored, version.id) for version in versions)
    assert revisions == list(range(1, len(versions) + 1)), "each revision was made once"


def read_revision(stored: S3Versions, version: str) -> int:
    found = stored.get_version(version)
    assert found
    return ProductsFile.decode("created.json", found.body).revision


def threads[T](number: int, work: Callable[[int], list[T]]) -> list[T]:
    with ThreadPoolExecutor(number) as pool:
        return [one for each in pool.map(work, range(number)) for one in each]


@pytest.mark.parametrize("seed", range(2))
def test_histories_are_linearizable(
    bucket: str, environment: dict[str, str], figures: report.Figures, seed: int
) -> None:
    history = History()
    key = f"history-{seed}.json"

    def work(client: int) -> list[None]:
        registry = registry_over(S3Object(create_client(), bucket, key), BACKOFF)
        draw = Random(f"{seed} {client}")
        for number in range(OPERATIONS):
            operate(create_context(), registry, history, draw, f"{client}-{number}")
        return []

    threads(READERS_AND_WRITERS, work)
    read_all(
        create_context(), registry_over(S3Object(create_client(), bucket, key), BACKOFF), history
    )
    assert not find_contradictions(history)
    figures[f"History {seed} of {READERS_AND_WRITERS} clients"] = {
        "operations": len(history.operations),
        **Counter(str(operation.act) for operation in history.operations),
    }
