"""The list of benchmarks, and the run of one: in a process of its own, since what one has in memory
would slow the next."""

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Row

MODULES: Mapping[str, str] = {
    "cold_start": "Cold start: a new process, up to its first answer",
    "authorizer": "The authorizer, by credential",
    "built_size": "Built size, unzipped",
    "peak_memory": "Peak memory",
    "memory_at_bounds": "Peak memory, whatever the content",
    "warm_reads": "Warm reads",
    "marquez_reads": "Reads as Marquez has them, and counts",
    "job_reads": "Jobs and runs as Marquez has them",
    "searches": "Searches",
    "portal_graph": "The graph of lineage in a browser",
    "portal_pages": "The pages of the portal in a browser",
    "warm_writes": "Warm writes",
    "bulk_writes": "Bulk writes",
    "events": "Events of OpenLineage",
    "event_load": "Events of many pipelines at once, to `make run`",
    "requests_of_a_write": "Requests to S3 of an uncontended write",
    "contended_writes": "Contended writes",
    "throughput": "Throughput on this machine",
    "cost": "Cost on AWS",
    "anonymous_caller": "Cost on AWS of one anonymous caller at the limit of a route",
    "walk": "Walks over lineage",
    "time_travel": "Time travel: requests of a read as of an earlier moment",
    "archive": "The archive of the past: bytes kept, and a read as of long ago",
    "feed": "The feed: a commit of a page",
    "domain_reads": "Domain data: bytes read of those stored",
}
"""Module with `rows() -> list[Row]` -> the title of its section in the table."""


def run(module: str) -> list[Row]:
    return alone(_rows, module)


def alone[**P, T](work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `work` returns in a process of its own. Functions write their log to the standard
    output: there it goes nowhere."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_silence) as process:
        return process.submit(work, *args, **kwargs).result()


def _silence() -> None:
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    # At its end DuckDB's binding complains of what this process still holds.
    atexit.register(os.dup2, sys.stdout.fileno(), 2)


def _rows(module: str) -> list[Row]:
    found: list[Row] = import_module(f"benchmarks.{module}").rows()
    return found
