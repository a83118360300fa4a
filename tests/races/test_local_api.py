"""Sixteen clients register, change, delete and relate products through the whole local API."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e import local_run
from tests.faults import report
from tests.races.api_client import ApiClient, Records
from tests.races.linearizability import find_contradictions

CLIENTS = 16
OPERATIONS = 14
KEY = "a-key-for-the-race-suite"
SEED = 3


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("run")
    with local_run.running(folder / "data", folder / "output", API_KEY=KEY, EXAMPLES="0") as run:
        yield run.url


def test_mixed_traffic(url: str, figures: report.Figures) -> None:
    records = Records()

    def work(number: int) -> None:
        with ApiClient(url, KEY, number, records) as client:
            draw = random.Random(f"{SEED} {number}")
            client.keep(draw)
            for _ in range(OPERATIONS):
                client.operate(draw)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    with ApiClient(url, KEY, CLIENTS, records) as client:
        client.read_everything()
    statuses = Counter(str(status) for status in records.statuses)
    figures[f"{CLIENTS} clients of the local API"] = {
        "operations on products": len(records.history.operations),
        "lineage entries acknowledged": len(records.acknowledged_entries()),
        "lists of lineage": len(records.lists),
        "contended": records.contended,
        "answers by status": dict(sorted(statuses.items())),
    }
    assert set(statuses) <= {"200", "400", "404", "409", "503"}
    assert statuses["200"] > CLIENTS * OPERATIONS / 3
    assert not find_contradictions(records.history)
    assert not records.lineage_problems()
