"""Marquez' reads of jobs and runs over the local S3 server, with 100,000 jobs in their index.

Each job that an answer shows takes a request to storage, and these are most of its CPU: so, unlike
other reads, they are measured with a server behind them. So is the graph that they are held to.
"""

import gzip
import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks import store
from benchmarks.lambdas import Service, deployed, get
from benchmarks.marquez_reads import AGAINST, ENTRIES, GRAPH, PRODUCTS
from benchmarks.measure import ROUNDS, Measurement, Row, alternately, cpu_ms, ratio_at_most
from benchmarks.mesh import domain_name, product_name
from datamesh.models.jobs import (
    JobDataset,
    JobFact,
    JobHistory,
    JobRun,
    KeptEvent,
    WrittenVersion,
)
from datamesh.services.jobs.dataset_versions import compute_columns_digest
from datamesh.services.jobs.joining import MAX_RUNS
from datamesh.services.jobs.records import build_record, compute_job_key
from datamesh.storage.event_log import EVENTS_PREFIX
from datamesh.storage.job_files import JOB_INDEX_KEY, JOBS_PREFIX, JobFile, JobIndexFile
from datamesh.storage.registry_file import RECENT_COMMITS, RegistryFile
from dev.storage.s3 import S3
from tests.meshes import NOON

JOBS = 100_000
WITH_RUNS = 100
"""The jobs that ran last have files: no read looks at others."""
LATEST = JOBS - 1
NAMESPACES = 40
JOB = f"/api/v1/namespaces/namespace_{LATEST % NAMESPACES}/jobs/job_{LATEST}"
WRITTEN = (
    f"/api/v1/namespaces/{domain_name(JOBS % PRODUCTS % 40)}"
    f"/datasets/{product_name(JOBS % PRODUCTS)}"
)
"""The dataset that the latest job writes."""
VERSIONS = 10
COLUMNS = 20
READS = {
    "25 jobs with their latest runs": "/api/v1/jobs",
    "25 jobs of a namespace": f"/api/v1/namespaces/namespace_{LATEST % NAMESPACES}/jobs",
    "a job": JOB,
    "100 runs of a job": f"{JOB}/runs",
    "a dataset that a job writes": WRITTEN,
    "10 versions of a dataset": f"{WRITTEN}/versions",
    "graph of a job": f"/api/v1/lineage?nodeId=job:namespace_{LATEST % NAMESPACES}:job_{LATEST}"
    "&depth=1",
}


def rows(rounds: int = ROUNDS) -> list[Row]:
    found = []
    with store.holding(Path(tempfile.mkdtemp()), PRODUCTS, ENTRIES) as s3:
        put_jobs(s3)
        lineage, marquez = deployed("lineage", s3), deployed("marquez", s3)
        for what, target in READS.items():
            measured, compared = alternately(
                _measure(marquez, target), _measure(lineage, GRAPH), rounds=rounds
            )
            bound = ratio_at_most(2)
            found.append(Row(f"Marquez: {what}", "ms CPU", measured, compared, AGAINST, bound))
    return found


def put_jobs(s3: S3) -> None:
    """Store the index of all jobs, and the files of those that ran last."""
    records = {}
    for number in range(VERSIONS):
        version = _build_version(JOBS, number)
        _put_bytes(s3, EVENTS_PREFIX + version.event.name, _pack_event(number))
    for history in _iterate_histories():
        key = compute_job_key(history.namespace, history.name)
        records[key] = build_record(history, 2 * MAX_RUNS)
        if history.runs:
            recent = tuple(f"commit{number:06}" for number in range(RECENT_COMMITS))
            file = JobFile(history=history, revision=2 * MAX_RUNS, recent=recent)
            _put(s3, f"{JOBS_PREFIX}{key}.json", file)
    _put(s3, JOB_INDEX_KEY, JobIndexFile(jobs=records, revision=1))


def _put(s3: S3, key: str, file: RegistryFile) -> None:
    _put_bytes(s3, key, file.encode())


def _put_bytes(s3: S3, key: str, body: bytes) -> None:
    s3.create_client().put_object(
        Bucket=s3.bucket,
        Key=key,
        Body=body,
        ContentType="application/json",
        ContentEncoding="gzip",
    )


def _iterate_histories() -> Iterator[JobHistory]:
    for number in range(JOBS):
        runs = tuple(_iterate_runs(number)) if number >= JOBS - WITH_RUNS else ()
        last = runs[0].updated_at if runs else NOON
        yield JobHistory(
            namespace=f"namespace_{number % NAMESPACES}",
            name=f"job_{number}",
            created_at=NOON,
            updated_at=last,
            facts={"documentation": JobFact("What the job is for, in a sentence", NOON)},
            inputs=(_build_dataset(number),),
            outputs=(_build_dataset(number + 1),),
            runs=runs,
            versions=tuple(_build_version(number + 1, each) for each in range(VERSIONS))
            if number == LATEST
            else (),
        )


def _iterate_runs(job: int) -> Iterator[JobRun]:
    """Yield runs of an hour each, the latest first."""
    for number in reversed(range(MAX_RUNS)):
        began = NOON + timedelta(hours=number, seconds=job - JOBS)
        ended = began + timedelta(minutes=5)
        yield JobRun(
            id=f"0192f0c5-5a4e-7cc3-{number:04x}-{job:012x}",
            created_at=began,
            updated_at=ended,
            state="COMPLETED",
            state_at=ended,
            started_at=began,
            ended_at=ended,
            events=tuple(KeptEvent(at, f"{job:024}{number:06}{at:%M}") for at in (began, ended)),
        )


def _build_dataset(number: int) -> JobDataset:
    product = number % PRODUCTS
    return JobDataset(domain_name(product % 40), product_name(product), NOON, NOON)


def _build_version(dataset: int, number: int) -> WrittenVersion:
    product, at = dataset % PRODUCTS, NOON + timedelta(hours=number)
    return WrittenVersion(
        namespace=domain_name(product % 40),
        name=product_name(product),
        columns=compute_columns_digest(_name_columns(number)),
        first_at=at,
        last_at=at,
        run=f"0192f0c5-5a4e-7cc3-{number:04x}-{LATEST:012x}",
        event=KeptEvent(at, f"{number:032}"),
    )


def _name_columns(version: int) -> dict[str, str]:
    return {f"column_{version}_{number}": "varchar" for number in range(COLUMNS)}


def _pack_event(version: int) -> bytes:
    """Return an event that tells of a version, as the log keeps it."""
    written = _build_version(JOBS, version)
    fields = [{"name": name, "type": kind} for name, kind in _name_columns(version).items()]
    event = {
        "eventTime": written.first_at.isoformat(),
        "eventType": "COMPLETE",
        "producer": "https://example.com/benchmark",
        "job": {"namespace": f"namespace_{LATEST % NAMESPACES}", "name": f"job_{LATEST}"},
        "run": {"runId": written.run},
        "outputs": [
            {
                "namespace": written.namespace,
                "name": written.name,
                "facets": {"schema": {"fields": fields}},
            }
        ],
    }
    return gzip.compress(json.dumps(event).encode(), mtime=0)


def _measure(service: Service, target: str) -> Measurement:
    service.answers(get(target))
    return cpu_ms(service.in_turn([get(target)]), 3, service.select)
