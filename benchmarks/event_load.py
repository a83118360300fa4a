"""Pipelines that end together: 96 clients send START and COMPLETE of 400 new jobs to `make run`.

Each request has a connection of its own, as those of OpenLineage's Python client have. Functions
start cold; the scheduled ones, which `make run` invokes once it is ready, have ended before. PUTs
are counted by the versions that the bucket has afterwards.
"""

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.measure import Row, Target, at_most
from tests.e2e import local_run
from tests.faults.messages import encode_post, read_reply

CLIENTS, JOBS = 96, 400
KEY = "a-key-of-the-benchmarks"
COLUMNS = [{"name": f"column_{number}", "type": "string"} for number in range(10)]
PATIENCE_SECONDS = 60.0
SCHEDULED = 2
"""How many functions of the template have a schedule."""


@dataclass
class Load:
    seconds: list[float] = field(default_factory=list)
    """The time of each request."""
    refused: int = 0
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0


def rows() -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as name,
        local_run.running(
            Path(name) / "data", Path(name) / "log", API_KEY=KEY, EXAMPLES="0"
        ) as run,
    ):
        _wait_until_scheduled(run)
        before, cpu_before = _count_puts(run), _read_cpu_seconds(run)
        load = asyncio.run(_send_all(run.url))
        _wait_until_readable(run.url)
        readable = time.monotonic() - load.ended
        cpu = _read_cpu_seconds(run) - cpu_before
        puts = _count_puts(run) - before
    count = len(load.seconds)
    note = f"{load.refused} of {count} were refused; load {os.getloadavg()[0]:.1f}"
    centiles = statistics.quantiles(load.seconds, n=100)
    rate = count / (load.ended - load.began)
    return [
        Row("events acknowledged", "/s", rate, target=Target("ours", 110, True), note=note),
        Row("p50 of an answer", "s", centiles[49]),
        Row("p99 of an answer", "s", centiles[98], target=at_most(1.5)),
        Row("all edges readable after the last answer", "s", readable, target=at_most(10)),
        Row("CPU of all processes, an event", "ms CPU", 1000 * cpu / count, target=at_most(12)),
        Row("PUTs, an event", "PUTs", puts / count, target=at_most(1.3)),
    ]


async def _send_all(url: str) -> Load:
    load, jobs = Load(), iter(range(JOBS))
    await asyncio.gather(*(_send_jobs(url, jobs, load) for _ in range(CLIENTS)))
    load.ended = time.monotonic()
    return load


async def _send_jobs(url: str, jobs: Iterator[int], load: Load) -> None:
    found = urlsplit(url)
    for job in jobs:
        for minute, kind in enumerate(("START", "COMPLETE")):
            began = time.monotonic()
            reader, writer = await asyncio.open_connection(found.hostname, found.port)
            event = _build_event(job, kind, minute)
            writer.write(encode_post("/api/v1/lineage", KEY, event, "Connection: close"))
            reply = await read_reply(reader, b"POST")
            writer.close()
            load.seconds.append(time.monotonic() - began)
            load.refused += reply.status != 201


def _build_event(job: int, kind: str, minute: int) -> Mapping[str, object]:
    return {
        "eventType": kind,
        "eventTime": f"2026-01-31T12:{minute:02}:00Z",
        "producer": "https://example.com/benchmarks",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.UUID(int=job + 1))},
        "job": {"namespace": "benchmarks", "name": f"job_{job}"},
        "inputs": [_build_dataset(f"in_{job}")],
        "outputs": [_build_dataset(f"out_{job}")],
    }


def _build_dataset(name: str) -> Mapping[str, object]:
    schema = {
        "_producer": "https://example.com/benchmarks",
        "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json",
        "fields": COLUMNS,
    }
    return {"namespace": "warehouse", "name": name, "facets": {"schema": schema}}


def _wait_until_readable(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = requests.get(f"{url}/lineage?limit=1", timeout=30)
        if int(answer.headers["X-Total-Count"]) == JOBS:
            return
        assert time.monotonic() < deadline, "events are not derived"
        time.sleep(0.05)


def _wait_until_scheduled(run: local_run.Run) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run.logged().count(" schedule ") < SCHEDULED:
        assert time.monotonic() < deadline, "the schedule is not kept"
        time.sleep(0.05)


def _read_cpu_seconds(run: local_run.Run) -> float:
    """Return what all processes of a run have used, those that have ended included."""
    ticks = 0
    for pid in run.pids():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:  # it has ended
            continue
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _count_puts(run: local_run.Run) -> int:
    """Return how many versions the bucket has."""
    client, bucket = run.open_bucket()
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket)
    return sum(len(page.get("Versions", ())) for page in pages)
