"""`make bench-peers`: read, write and memory of `make run` and of its peers, in turns.

PRODUCTS (10,000) says how many products there are, with ten entries of lineage each. DataHub Lite
and Backstage are given none: their figures are those of the products alone.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import randrange

import requests

from benchmarks.mesh import domain_name, stored_entry, stored_product
from benchmarks.peers import clients
from benchmarks.peers.others import run_backstage, run_datahub
from benchmarks.peers.peer import PRODUCTS, Peer, choose_name
from benchmarks.results import PAGE, machine, number
from tests.e2e import local_run
from tests.meshes import product_body

ENTRIES_OF_ONE = 10
BATCH = 1_000
TURNS = 3
KEY = "a-key-of-the-benchmarks"
SENT = ("name", "domain", "owner", "description", "schema", "status", "version", "tags")
ENDS = ("source", "target", "transformation", "lineage_type", "confidence")
BEGIN, END = "<!-- peers: written by make bench-peers -->", "<!-- end of peers -->"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        run_backstage(Path(name)) as backstage,
        run_datahub(Path(name)) as datahub,
        _run_ours(Path(name)) as ours,
    ):
        backstage.wait_until_filled()
        peers = {"ours": ours, "DataHub Lite": datahub, "Backstage": backstage}
        table = render_table(measure_peers(peers), list(peers))
    print(table)
    before, _, rest = PAGE.read_text().partition(BEGIN)
    assert END in rest, "the page has lost the marks of its table"
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


def measure_peers(peers: Mapping[str, Peer]) -> Mapping[str, Sequence[str]]:
    """Return the rows of the table: what was measured, and a cell for each peer."""
    measures: Mapping[str, Callable[[Peer], float]] = {
        "one product, a connection each, ms": lambda p: clients.measure_fresh(p.url, p.entity),
        "one product, a kept connection, ms": lambda p: clients.measure_kept(p.url, p.entity),
        "one product, 16 connections, a second": lambda p: clients.measure_together(
            p.url, p.entity
        ),
        "writes of one client, a second": lambda p: p.measure_writes(),
    }
    found: dict[str, Sequence[str]] = {}
    for what, measure in measures.items():
        turns = [[measure(peer) for peer in peers.values()] for _ in range(TURNS + 1)]
        medians = [statistics.median(column) for column in zip(*turns[1:], strict=True)]
        found[what] = [number(each) for each in medians]
        print(what, found[what], file=sys.stderr)
    memory = [clients.measure_memory(peer.pid) for peer in peers.values()]
    found["memory after that, MB RSS (PSS)"] = [describe_memory(each) for each in memory]
    found["processes"] = [str(each[2]) for each in memory]
    after = [measure_after_others(peer) for peer in peers.values()]
    found["memory after lists and lineage for 16 connections, too"] = after
    return found


def measure_after_others(peer: Peer) -> str:
    """Return the memory once the other reads were made by CLIENTS clients; empty if none are."""
    for target in peer.others:
        clients.measure_together(peer.url, target)
    return describe_memory(clients.measure_memory(peer.pid)) if peer.others else ""


def describe_memory(measured: tuple[float, float, int]) -> str:
    return f"{number(measured[0])} ({number(measured[1])})"


def render_table(rows: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    load = f"load average {os.getloadavg()[0]:.1f}"
    said = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {PRODUCTS:,} products; {load}."
    lines = [said, "", f"| | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    return "\n".join(
        [*lines, *(f"| {what} | {' | '.join(cells)} |" for what, cells in rows.items())]
    )


@contextmanager
def _run_ours(folder: Path) -> Iterator[Peer]:
    limits = {"MAX_PRODUCTS": "100000", "MAX_LINEAGE_ENTRIES": "1000000"}
    limits |= dict.fromkeys(("MAX_PRODUCTS_BYTES", "MAX_LINEAGE_BYTES"), "1073741824")
    with local_run.running(
        folder / "data", folder / "log", API_KEY=KEY, EXAMPLES="0", **limits
    ) as run:
        _fill_ours(run.url)
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {KEY}"

        def register() -> None:
            body = product_body(name=f"new_{time.time_ns()}")
            assert session.post(f"{run.url}/register_product", json=body, timeout=30).ok

        def ask_entity() -> str:
            return f"/product/{choose_name()}"

        def ask_upstream() -> str:
            return f"/lineage/upstream/{choose_name()}"

        writes = partial(clients.measure_writes, register)
        yield Peer(run.url, run.process.pid, ask_entity, writes, (_choose_list, ask_upstream))


def _choose_list() -> str:
    return f"/products?domain={domain_name(randrange(40))}&limit=100"


def _fill_ours(url: str) -> None:
    items = [{key: item[key] for key in SENT} for item in map(stored_product, range(PRODUCTS))]
    entries = [stored_entry(each, PRODUCTS) for each in range(PRODUCTS * ENTRIES_OF_ONE)]
    lineage = [{key: e[key] for key in ENDS} for e in entries if e["source"] != e["target"]]
    for path, sent in (("/products/bulk", items), ("/lineage/bulk", lineage)):
        for begin in range(0, len(sent), BATCH):
            body = {"items": sent[begin : begin + BATCH]}
            headers = {"Authorization": f"Bearer {KEY}"}
            answer = requests.post(url + path, json=body, headers=headers, timeout=60)
            assert answer.ok, answer.text


if __name__ == "__main__":
    main()
