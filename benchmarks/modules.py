"""Which benchmarks there are, and how one is run: in a process of its own, since what one has in
memory would slow the next."""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Row

MODULES: Mapping[str, str] = {
    "cold_start": "Cold start: a new process, up to its first answer",
    "built_size": "Built size, unzipped",
    "warm_reads": "Warm reads",
    "warm_writes": "Warm writes",
    "peak_memory": "Peak memory",
    "requests_of_a_write": "Requests to S3 of an uncontended write",
    "contended_writes": "Contended writes",
    "walk": "Walks over lineage",
    "domain_reads": "Domain data: bytes read of those stored",
}
"""Module with `rows() -> list[Row]` -> the title of its section in the table."""


def run(module: str) -> list[Row]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_rows, module).result()


def _rows(module: str) -> list[Row]:
    # Functions write their log to the standard output.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        found: list[Row] = import_module(f"benchmarks.{module}").rows()
    return found
