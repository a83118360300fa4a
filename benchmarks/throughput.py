"""Requests a second of `make run`, and of the in-memory app under uvicorn, for 32 clients and one.

95 of 100 requests read. One process sends them, for a few seconds at a time and in turns. The app
in memory has as many processes, each with a registry of its own: it answers what no two of them
agree on, and keeps nothing. uvicorn serves both, with
httptools and uvloop: with h11 on asyncio one client of the app in memory waited 44 ms an answer.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from random import Random

import requests
from fastapi import FastAPI

from benchmarks import reference
from benchmarks.measure import Row
from benchmarks.mesh import domain_name, lineage_file, product_name, products_file, stored_product
from benchmarks.results import ROOT
from tests.e2e import local_run
from tests.faults.messages import encode_post, read_reply
from tests.meshes import product_body

CLIENTS = 32
"""Enough that the processors are the bound; one client shows what a connection costs."""
WRITES_OF_100 = 5
PRODUCTS = 1_000
SECONDS, ROUNDS = 3.0, 3
"""The seconds and rounds of load on each, first with all clients and then with one."""
KEY = "a-key-of-the-benchmarks"
SENT = ("name", "domain", "owner", "description", "schema", "status", "version", "tags")


@dataclass
class Load:
    seconds: float = 0
    milliseconds: list[float] = field(default_factory=list)
    """The time of each request that was answered 2xx."""
    refused: int = 0

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds

    def percentile(self, hundredth: int) -> float:
        return statistics.quantiles(self.milliseconds, n=100)[hundredth - 1]


def rows() -> list[Row]:
    with (
        tempfile.TemporaryDirectory() as name,
        _make_run(Path(name)) as (ours, processes),
        _in_memory(processes) as plain,
        ProcessPoolExecutor(1, get_context("spawn")) as client,
    ):
        mine, theirs = _measure_in_turns(client, ours, plain, CLIENTS)
        mine_alone, theirs_alone = _measure_in_turns(client, ours, plain, 1)
    against = f"the app in memory, {processes} processes"
    refused = sum(load.refused for load in mine)
    note = f"{refused} of ours were refused; SeaweedFS' lock bounds the writes"
    return [
        Row("requests a second", "/s", _median(mine), _median(theirs), against, note=note),
        *[
            Row(f"p{hundredth}", "ms", _percentile(mine, hundredth), _percentile(theirs, hundredth))
            for hundredth in (50, 99)
        ],
        Row("p50 of one client", "ms", _percentile(mine_alone, 50), _percentile(theirs_alone, 50)),
    ]


def _measure_in_turns(
    pool: ProcessPoolExecutor, ours: str, plain: str, clients: int
) -> tuple[list[Load], list[Load]]:
    mine, theirs = [], []
    for number in range(ROUNDS + 1):
        loads = [pool.submit(send, url, f"{number}", clients).result() for url in (ours, plain)]
        if number:  # the first round starts execution environments
            mine.append(loads[0])
            theirs.append(loads[1])
    return mine, theirs


def _median(loads: Sequence[Load]) -> float:
    return statistics.median(load.rate for load in loads)


def _percentile(loads: Sequence[Load], hundredth: int) -> float:
    return statistics.median(load.percentile(hundredth) for load in loads)


@contextmanager
def _make_run(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the address, and how many processes answer the requests of this benchmark."""
    variables = {"API_KEY": KEY, "EXAMPLES": "0", "MAX_PRODUCTS": "100000"}
    with local_run.running(folder / "data", folder / "log", **variables) as run:
        stored = map(stored_product, range(PRODUCTS))
        items = [{key: item[key] for key in SENT} for item in stored]
        headers = {"Authorization": f"Bearer {KEY}"}
        filled = requests.post(
            f"{run.url}/products/bulk", json={"items": items}, headers=headers, timeout=30
        )
        assert filled.ok, filled.text
        send(run.url, "first", CLIENTS)
        yield run.url, len(_environments(run)) + 1


def _environments(run: local_run.Run) -> list[int]:
    """The processes that functions run in."""
    return [pid for pid in run.pids() if b"runtime" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def filled_app() -> FastAPI:
    reference.fill(products_file(PRODUCTS), lineage_file(PRODUCTS, 10 * PRODUCTS))
    return reference.app


@contextmanager
def _in_memory(processes: int) -> Iterator[str]:
    port = local_run.free_port()
    factory = ["-m", "uvicorn", "--factory", f"{__name__}:filled_app", "--no-access-log"]
    factory += ["--http", "httptools", "--loop", "uvloop"]
    server = subprocess.Popen(
        [sys.executable, *factory, "--port", str(port), "--workers", str(processes)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/product/{product_name(0)}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert requests.get(url, timeout=5).ok
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline, "the app in memory does not start"
            time.sleep(0.1)


def send(url: str, seed: str, clients: int) -> Load:
    """Send as so many clients, each with a connection, one request after the other."""
    load = Load()
    asyncio.run(_send(url, f"{seed}_{clients}", clients, load))
    return load


async def _send(url: str, seed: str, clients: int, load: Load) -> None:
    numbers = count()
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            requested = _requests(Random(f"{seed} {number}"), seed, numbers)
            group.create_task(_client(url, requested, began + SECONDS, load))
    load.seconds = time.monotonic() - began


async def _client(url: str, requested: Iterator[bytes], until: float, load: Load) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    while (began := time.monotonic()) < until:
        request = next(requested)
        writer.write(request)
        reply = await read_reply(reader, request.partition(b" ")[0])
        if 200 <= reply.status < 300:
            load.milliseconds.append((time.monotonic() - began) * 1000)
        else:
            load.refused += 1
    writer.close()


def _requests(draw: Random, seed: str, numbers: Iterator[int]) -> Iterator[bytes]:
    while True:
        if draw.random() * 100 < WRITES_OF_100:
            product = product_body(name=f"new_{seed}_{next(numbers)}")
            yield encode_post("/register_product", KEY, product)
        elif draw.random() < 0.5:
            yield _get(f"/product/{product_name(draw.randrange(PRODUCTS))}")
        else:
            yield _get(f"/products?domain={domain_name(draw.randrange(40))}&limit=100")


def _get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
