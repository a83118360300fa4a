"""`make bench-peers`: read, write and memory of `make run` and of DataHub Lite, in turns.

PRODUCTS (10,000) says how many products there are, with ten entries of lineage each. DataHub Lite
is given none: its figures are those of the products alone.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

import requests

from benchmarks.mesh import domain_name, product_name, stored_entry, stored_product
from benchmarks.peers import clients
from benchmarks.results import PAGE, ROOT, machine, number
from tests.e2e import local_run
from tests.meshes import product_body

PRODUCTS = int(os.environ.get("PRODUCTS", "10000"))
ENTRIES_OF_ONE = 10
BATCH = 1_000
TURNS = 3
KEY = "a-key-of-the-benchmarks"
SENT = ("name", "domain", "owner", "description", "schema", "status", "version", "tags")
ENDS = ("source", "target", "transformation", "lineage_type", "confidence")
DATAHUB = ROOT / ".venv-datahub-lite/bin/python"
SCRIPT = Path(__file__).with_name("datahub_lite.py")
BEGIN, END = "<!-- peers: written by make bench-peers -->", "<!-- end of peers -->"


@dataclass(frozen=True)
class Peer:
    url: str
    pid: int
    entity: clients.Target
    measure_writes: Callable[[], float]


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        _run_ours(Path(name)) as ours,
        _run_datahub(Path(name)) as datahub,
    ):
        table = render_table(measure_peers({"ours": ours, "DataHub Lite": datahub}))
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
    found["memory after that, MB RSS (PSS)"] = [f"{number(m[0])} ({number(m[1])})" for m in memory]
    found["processes"] = [str(m[2]) for m in memory]
    return found


def render_table(rows: Mapping[str, Sequence[str]]) -> str:
    load = f"load average {os.getloadavg()[0]:.1f}"
    said = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {PRODUCTS:,} products; {load}."
    lines = [said, "", "| | ours | DataHub Lite |", "|---|---:|---:|"]
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
            return f"/product/{_choose_name()}"

        for path in (ask_entity, _choose_list, lambda: f"/lineage/upstream/{_choose_name()}"):
            clients.measure_together(run.url, path)
        yield Peer(run.url, run.process.pid, ask_entity, partial(clients.measure_writes, register))


def _choose_name() -> str:
    return product_name(random.randrange(PRODUCTS))


def _choose_list() -> str:
    return f"/products?domain={domain_name(random.randrange(40))}&limit=100"


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


@contextmanager
def _run_datahub(folder: Path) -> Iterator[Peer]:
    home = folder / "datahub"
    home.mkdir()
    lite = {"type": "sqlite", "config": {"file": str(home / "lite.sqlite")}}
    config = {"gms": {"server": ""}, "lite": lite}
    (home / ".datahubenv").write_text(json.dumps(config))  # JSON is YAML
    items = folder / "items.json"
    items.write_text(json.dumps([stored_product(each) for each in range(PRODUCTS)]))
    environment = {"HOME": str(home), "PATH": os.defpath, "DATAHUB_TELEMETRY_ENABLED": "false"}

    def run(*arguments: str) -> str:
        command = [str(DATAHUB), str(SCRIPT), *arguments]
        return subprocess.check_output(command, env=environment, text=True)

    run("fill", str(items))
    port = local_run.free_port()
    server = subprocess.Popen(
        [DATAHUB, SCRIPT, "serve", str(port)], env=environment, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"

    def ask_entity() -> str:
        urn = f"urn:li:dataset:(urn:li:dataPlatform:s3,{_choose_name()},PROD)"
        predicate = quote(f"urn = '{urn}'")
        return f"/search?flavor=exact&query={predicate}"

    try:
        _wait_for(url + "/ping")
        yield Peer(url, server.pid, ask_entity, lambda: float(run("write", str(clients.SECONDS))))
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            assert requests.get(url, timeout=5).ok
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("DataHub Lite does not start")


if __name__ == "__main__":
    main()
