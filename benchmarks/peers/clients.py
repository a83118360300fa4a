"""The clients of all peers: one with a connection for each request or a kept one, and many."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.local_run import list_family

ROUNDS = 100
CLIENTS = 16
SECONDS = 3.0

type Target = Callable[[], str]
"""Returns the path of the next request."""


def measure_fresh(url: str, target: Target) -> float:
    """Return the median of milliseconds of a GET, each over a connection of its own."""
    return statistics.median(_time_get(_connect(url), target()) for _ in range(ROUNDS))


def measure_kept(url: str, target: Target) -> float:
    """Return the median of milliseconds of a GET over a connection that is kept."""
    connection = _connect(url)
    return statistics.median(_time_get(connection, target()) for _ in range(ROUNDS))


def measure_writes(write: Callable[[], object]) -> float:
    """Return the writes a second of one client."""
    began, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < SECONDS:
        write()
        count += 1
    return count / spent


def measure_together(url: str, target: Target) -> float:
    """Return the answers a second to CLIENTS clients with a kept connection each."""
    return asyncio.run(_ask_together(url, target))


def measure_memory(root: int) -> tuple[float, float, int]:
    """Return MB of a process and those below it: RSS, PSS; and how many they are."""
    family = list_family(root)
    sums = {"Rss": 0, "Pss": 0}
    for pid in family:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        for name, kilobytes in (line.split()[:2] for line in lines):
            if name[:-1] in sums:
                sums[name[:-1]] += int(kilobytes)
    return sums["Rss"] / 1024, sums["Pss"] / 1024, len(family)


def _connect(url: str) -> HTTPConnection:
    address = urlsplit(url)
    return HTTPConnection(str(address.hostname), address.port, timeout=30)


def _time_get(connection: HTTPConnection, path: str) -> float:
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200 and len(answer.read()) > 10, (path, answer.status)
    return (time.perf_counter() - began) * 1000


async def _ask_together(url: str, target: Target) -> float:
    began = time.perf_counter()
    until = began + SECONDS
    counts: Sequence[int] = await asyncio.gather(
        *(_ask_until(url, target, until) for _ in range(CLIENTS))
    )
    return sum(counts) / (time.perf_counter() - began)


async def _ask_until(url: str, target: Target, until: float) -> int:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    count = 0
    while time.perf_counter() < until:
        writer.write(f"GET {target()} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await _read_body(reader, head.lower())
        count += 1
    writer.close()
    return count


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> None:
    """Read a body whose length the head names, or that comes in chunks, as Backstage sends it."""
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
        return
    [length] = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    await reader.readexactly(int(length.partition(b":")[2]))
