"""Eight processes that commit to one document, against one alone.

The server's share is told by bare PUTs: the same loop of conditional requests and pauses on an
object of random bytes, without a document. SeaweedFS looks at its lock once a second while others
wait for it.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

from benchmarks.measure import Row, at_most, ratio_at_least
from benchmarks.store import holding, open_object
from datamesh.errors.storage import Contended, OutcomeUnknown
from datamesh.http.entrypoint import STORAGE_SECONDS
from datamesh.models.products import ProductRegistration
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import InDoubt, LostRace, StoredObject, Unreachable
from dev.storage.s3 import S3
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import mesh, product_body

PROCESSES = 8
COMMITS = 5
"""The commits of each process in a round; a process alone makes as many as all of them."""
ROUNDS = 9
BODY_BYTES = 4_000

start: Barrier


@dataclass
class Told:
    """The report of one process: its times, the attempts of each commit, and commits given up."""

    began: float
    attempts: list[int] = field(default_factory=list)
    gave_up: int = 0
    ended: float = 0


type Work = Callable[[str, str, int, int], Told]
"""Bucket, key, number of the process, commits to make."""


def ours(bucket: str, key: str, process: int, commits: int) -> Told:
    backoff, told = Backoff(), Told(time.monotonic())

    def committed(done: CompletedCommit[ProductsFile]) -> None:
        told.attempts.append(done.attempts)

    registry = Registry(
        Document(open_object(bucket, key), ProductsFile, backoff, on_commit=committed),
        Document(open_object(bucket, "lineage.json"), LineageFile, backoff),
    )
    for number in range(commits):
        context = replace(
            CONTEXT, deadline=Deadline.from_now(STORAGE_SECONDS)
        )  # as each request has
        body = product_body(name=f"product_{process}_{number}")
        try:
            registration.register_product(
                context, registry, ProductRegistration.model_validate(body)
            )
        except (Contended, OutcomeUnknown):
            told.gave_up += 1
    return told


def bare(bucket: str, key: str, process: int, commits: int) -> Told:
    backoff, told = Backoff(), Told(time.monotonic())
    stored, etag = open_object(bucket, key), None
    for _ in range(commits):
        deadline = Deadline.from_now(STORAGE_SECONDS)
        for attempt in backoff.iterate_attempts(deadline):
            try:
                etag = stored.put(os.urandom(BODY_BYTES), etag)
            except (LostRace, InDoubt, Unreachable):
                found = backoff.read_until_reached(key, stored.get, deadline)
                etag = found.etag if isinstance(found, StoredObject) else None
            else:
                told.attempts.append(attempt + 1)
                break
        else:
            told.gave_up += 1
    return told


def rows() -> list[Row]:
    runs: dict[tuple[Work, int], list[list[Told]]] = {}
    lost = 0
    context = get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        holding(Path(folder)) as s3,
        ProcessPoolExecutor(
            PROCESSES, context, initializer=_begin, initargs=(context.Barrier(PROCESSES),)
        ) as pool,
    ):
        for number in range(ROUNDS + 1):
            for work in (ours, bare):
                for processes in (1, PROCESSES):
                    key = f"{work.__name__}-{processes}-{number}.json"
                    told = _run(pool, work, s3.bucket, key, processes)
                    if number:  # the first round starts the processes
                        runs.setdefault((work, processes), []).append(told)
                    if work is ours:
                        lost += _acknowledged(told) - _stored(s3, key)
    return _rows(runs, lost)


def _begin(barrier: Barrier) -> None:
    global start
    start = barrier


def _run(
    pool: ProcessPoolExecutor, work: Work, bucket: str, key: str, processes: int
) -> list[Told]:
    commits = COMMITS * PROCESSES // processes
    running = [
        pool.submit(_work, work, bucket, key, number, commits, processes > 1)
        for number in range(processes)
    ]
    return [each.result() for each in running]


def _work(work: Work, bucket: str, key: str, process: int, commits: int, in_company: bool) -> Told:
    if in_company:
        start.wait(60)
    told = work(bucket, key, process, commits)
    told.ended = time.monotonic()
    return told


def _acknowledged(told: Sequence[Told]) -> int:
    return sum(len(each.attempts) for each in told)


def _stored(s3: S3, key: str) -> int:
    found = mesh(products=open_object(s3.bucket, key))
    return len(found.products.read(NO_DEADLINE).products)


def _rate(runs: Sequence[Sequence[Told]]) -> float:
    """Commits a second of all processes together."""
    return statistics.median(
        _acknowledged(run) / (max(each.ended for each in run) - min(each.began for each in run))
        for run in runs
    )


def _attempts(runs: Sequence[Sequence[Told]]) -> float:
    made = [attempts for run in runs for each in run for attempts in each.attempts]
    return statistics.mean(made)


def _rows(runs: dict[tuple[Work, int], list[list[Told]]], lost: int) -> list[Row]:
    ours_all = runs[ours, PROCESSES]
    alone, together = _rate(runs[ours, 1]), _rate(ours_all)
    bare_alone, bare_all = _rate(runs[bare, 1]), _rate(runs[bare, PROCESSES])
    starved = sum(each.gave_up for run in ours_all for each in run)
    share = f"the server's share: of bare PUTs {bare_all:.3g}/s against {bare_alone:.3g}/s alone"
    total = f"commits of {PROCESSES} processes"
    return [
        Row(
            f"attempts a commit, {PROCESSES} processes",
            "",
            _attempts(ours_all),
            _attempts(runs[bare, PROCESSES]),
            "bare PUTs",
            at_most(1.5),
        ),
        Row(total, "/s", together, alone, "one process alone", ratio_at_least(0.8), share),
        Row(total, "/s", together, bare_all, "bare PUTs of as many", ratio_at_least(0.8)),
        Row("acknowledged commits lost", "", lost, target=at_most(0)),
        Row(
            "commits given up when the retry budget was spent",
            "",
            starved,
            target=at_most(0),
            note=f"of {sum(map(_acknowledged, ours_all)) + starved}",
        ),
    ]
