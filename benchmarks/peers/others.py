"""The peers of the local run, started and filled with the products of the benchmarks."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import requests

from benchmarks.mesh import stored_product
from benchmarks.peers import clients
from benchmarks.peers.peer import PRODUCTS, Peer, choose_name, wait_for_answer
from benchmarks.results import ROOT
from tests.e2e import local_run

DATAHUB = ROOT / ".venv-datahub-lite/bin/python"
SCRIPT = Path(__file__).with_name("datahub_lite.py")
BACKSTAGE = ROOT / ".venv-backstage"
SERVER = Path(__file__).with_name("backstage") / "server.mjs"
NODE = ROOT / ".venv-node/node/bin/node"
BATCH = 1_000
FILL_SECONDS = 3600.0


@contextmanager
def run_datahub(folder: Path) -> Iterator[Peer]:
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
        urn = f"urn:li:dataset:(urn:li:dataPlatform:s3,{choose_name()},PROD)"
        predicate = quote(f"urn = '{urn}'")
        return f"/search?flavor=exact&query={predicate}"

    try:
        wait_for_answer(url + "/ping")
        yield Peer(url, server.pid, ask_entity, lambda: float(run("write", str(clients.SECONDS))))
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def run_backstage(folder: Path) -> Iterator[Peer]:
    """Start the catalog backend and send it the products, which it is left to process."""
    port = local_run.free_port()
    url = f"http://127.0.0.1:{port}"
    config = folder / "backstage.json"
    config.write_text(json.dumps(_build_config(url, port, folder)))
    shutil.copy(SERVER, BACKSTAGE)  # its imports are found from where it is
    environment = {"HOME": str(folder), "PATH": os.defpath, "NODE_ENV": "production"}
    server = subprocess.Popen(
        [NODE, BACKSTAGE / SERVER.name, "--config", config],
        cwd=BACKSTAGE,
        env=environment | {"LOG_LEVEL": "error"},
        stdout=subprocess.DEVNULL,
    )
    session = requests.Session()

    def register() -> None:
        item = {**stored_product(0), "name": f"new_{time.time_ns()}"}
        assert session.post(f"{url}/products", json=[item], timeout=30).ok

    def wait_until_filled() -> None:
        deadline = time.monotonic() + FILL_SECONDS
        while _count_entities(url) < PRODUCTS:
            assert time.monotonic() < deadline, "Backstage has not processed the products"
            time.sleep(5)

    def ask_entity() -> str:
        return f"/api/catalog/entities/by-name/resource/default/{choose_name()}"

    try:
        wait_for_answer(f"{url}/api/catalog/entities?limit=1")
        items = [stored_product(each) for each in range(PRODUCTS)]
        for begin in range(0, PRODUCTS, BATCH):
            sent = items[begin : begin + BATCH]
            assert requests.post(f"{url}/products", json=sent, timeout=60).ok
        writes = partial(clients.measure_writes, register)
        yield Peer(url, server.pid, ask_entity, writes, wait_until_filled=wait_until_filled)
    finally:
        server.terminate()
        server.wait(30)


def _build_config(url: str, port: int, folder: Path) -> dict[str, object]:
    (folder / "backstage").mkdir()
    return {
        "app": {"baseUrl": url},
        "backend": {
            "baseUrl": url,
            "listen": {"host": "127.0.0.1", "port": port},
            "database": {
                "client": "better-sqlite3",
                "connection": {"directory": str(folder / "backstage")},
            },
            "auth": {"dangerouslyDisableDefaultAuthPolicy": True},
        },
        # Every two minutes by default: 10,000 entities would be processed all the time.
        "catalog": {"locations": [], "processingInterval": {"hours": 24}},
    }


def _count_entities(url: str) -> int:
    answer = requests.get(f"{url}/api/catalog/entities/by-query?limit=0", timeout=60)
    return int(answer.json()["totalItems"])
