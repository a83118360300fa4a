"""The promises of `make run` to whoever starts it."""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from tests.e2e import local_run
from tests.e2e.api import Api
from tests.e2e.local_run import TIMEOUT_SECONDS, product, register
from tests.events import run_event
from tests.integration.processes import alive, eventually

GROUP = 100
"""Events that are derived together."""
TRIES = 9
"""How many groups are sent until the worker is stopped in the middle of one."""


def total(url: str) -> int:
    answer = requests.get(f"{url}/products", timeout=TIMEOUT_SECONDS)
    return int(answer.headers["X-Total-Count"])


def everything(url: str) -> list[object]:
    paths = ("/products?limit=1000", "/lineage?limit=1000")
    return [requests.get(f"{url}{path}", timeout=TIMEOUT_SECONDS).json() for path in paths]


def test_it_prints_a_generated_key_and_a_curl_that_works(tmp_path: Path) -> None:
    with local_run.running(tmp_path / "data", tmp_path / "out", EXAMPLES="0") as run:
        assert run.url in run.printed()
        assert len(run.key()) >= 32
        found = re.search(r"^  (curl .*)$", run.printed(), re.MULTILINE)
        assert found
        curl = subprocess.run(
            ["curl", "-sS", *shlex.split(found[1])[1:]],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        assert '"success":true' in curl.stdout, curl.stdout + curl.stderr
        assert total(run.url) == 1


def test_its_first_answer_knows_the_example(tmp_path: Path) -> None:
    """Requests wait until the new bucket is filled; a registry that is filling would deny it."""
    run = local_run.start(tmp_path / "data", tmp_path / "out")
    try:
        assert eventually(lambda: accepts_connections(run.url), local_run.START_SECONDS)
        health = requests.get(f"{run.url}/health", timeout=local_run.START_SECONDS).json()
        assert (health["status"], health["total_products"]) == ("healthy", 12)
        rows = requests.get(f"{run.url}/domains/sales/orders?limit=2", timeout=TIMEOUT_SECONDS)
        assert (rows.status_code, len(rows.json())) == (200, 2)
        assert run.printed().count("Filling the new bucket") == 1
    finally:
        run.stop()


def accepts_connections(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def test_files_of_the_first_version_are_taken_over(tmp_path: Path) -> None:
    """In the place of the example mesh, and said so."""
    data = tmp_path / "data"
    data.mkdir()
    old = {"orders": {key: value for key, value in product("orders").items() if key != "name"}}
    moment = "2025-01-31T12:00:00+00:00"
    old["orders"] |= {"created_at": moment, "updated_at": moment}
    (data / "products.json").write_text(json.dumps(old))
    with local_run.running(data, tmp_path / "out") as run:
        assert f"  Note  products.json of {data} was imported\n" in run.printed()
        assert total(run.url) == 1
    (data / "products.json").write_text("no registry")
    with local_run.running(data, tmp_path / "out") as run:
        assert f"  Note  products.json of {data} was not imported: " in run.printed()
        assert total(run.url) == 1


def test_what_cannot_be_taken_over_into_a_new_registry_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "products.json").write_text("no registry")
    run = local_run.start(tmp_path, tmp_path / "out", EXAMPLES="0")
    assert run.process.wait(local_run.START_SECONDS) != 0
    assert f"products.json of {tmp_path} was not imported: " in run.printed()
    assert "Mend the file, or move it away" in run.printed()
    assert "Traceback" not in run.printed()


def test_lineage_may_register_products(tmp_path: Path) -> None:
    with local_run.running(
        tmp_path / "data", tmp_path / "out", EXAMPLES="0", MISSING_PRODUCTS="register"
    ) as run:
        entry = {"source": "raw-orders", "target": "orders", "transformation": "SELECT *"}
        headers = {"Authorization": f"Bearer {run.key()}"}
        url = f"{run.url}/register_lineage"
        answer = requests.post(url, json=entry, headers=headers, timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200, answer.text
        found = requests.get(f"{run.url}/products?owner=unowned", timeout=TIMEOUT_SECONDS).json()
        assert [(each["name"], each["domain"], each["status"]) for each in found] == [
            ("raw-orders", "unknown", "inactive"),
            ("orders", "unknown", "inactive"),
        ]


def test_files_put_where_it_says_are_served(tmp_path: Path) -> None:
    with local_run.running(tmp_path / "data", tmp_path / "out", EXAMPLES="0") as run:
        client, bucket = run.open_bucket()
        client.put_object(Bucket=bucket, Key="domains/sales/mine/a.csv", Body=b"id,n\nx,1\n")
        mine = product("mine", domain="sales", schema={"id": "string", "n": "integer"})
        assert register(run.url, run.key(), mine).status_code == 200
        answer = requests.get(f"{run.url}/domains/sales/mine", timeout=TIMEOUT_SECONDS)
        assert answer.json() == [{"id": "x", "n": 1}]


def test_settings_reach_the_functions(tmp_path: Path) -> None:
    variables = {"EXAMPLES": "0", "MAX_PRODUCTS": "1", "API_KEY": "chosen"}
    with local_run.running(tmp_path / "data", tmp_path / "out", **variables) as run:
        assert run.key() == "chosen"
        assert register(run.url, "chosen", product("one")).status_code == 200
        full = register(run.url, "chosen", product("two"))
        assert full.status_code == 429
        assert full.json()["message"] == "The registry is full: MAX_PRODUCTS is 1"


@pytest.mark.parametrize("way", ["Ctrl-C", "SIGTERM"])
def test_it_stops_cleanly_and_starts_again_with_its_data(tmp_path: Path, way: str) -> None:
    with local_run.running(tmp_path / "data", tmp_path / "out", EXAMPLES="0") as run:
        assert register(run.url, run.key(), product("kept")).status_code == 200
        pids = run.pids()
        assert len(pids) >= 4  # make, the gateway, the S3 server, at least one function
        run.interrupt() if way == "Ctrl-C" else run.stop(signal.SIGTERM)
        assert eventually(lambda: not any(map(alive, pids)))
        assert "Traceback" not in run.printed()
    with local_run.running(tmp_path / "data", tmp_path / "again", EXAMPLES="0") as run:
        assert total(run.url) == 1


def test_acknowledged_writes_survive_kill_9_of_everything(tmp_path: Path) -> None:
    with local_run.running(tmp_path / "data", tmp_path / "out", EXAMPLES="0") as run:
        for number in range(5):
            assert register(run.url, run.key(), product(f"p{number}")).status_code == 200
        # What follows from the event is not derived yet.
        sent = requests.post(
            f"{run.url}/api/v1/lineage",
            json=run_event(["a"], ["b"]),
            headers={"Authorization": f"Bearer {run.key()}"},
            timeout=TIMEOUT_SECONDS,
        )
        assert sent.status_code == 201
        pids = run.pids()
        run.kill_everything()
        assert eventually(lambda: not any(map(alive, pids)))
    with local_run.running(tmp_path / "data", tmp_path / "again", EXAMPLES="0") as run:
        Api(run.url, run.key()).wait_until_derived()
        found = requests.get(f"{run.url}/products", timeout=TIMEOUT_SECONDS).json()
        assert [row["name"] for row in found] == [*(f"p{number}" for number in range(5)), "a", "b"]


def test_a_group_of_events_is_derived_though_its_worker_is_killed(tmp_path: Path) -> None:
    with local_run.running(tmp_path / "data", tmp_path / "out", EXAMPLES="0") as run:
        api = Api(run.url, run.key())
        client, bucket = run.open_bucket()

        def send(first: int, count: int) -> None:
            events = [
                run_event([f"a{n}"], ["b"], run=n, job=f"j{n}") for n in range(first, first + count)
            ]
            answer = requests.post(
                f"{run.url}/api/v1/lineage/batch",
                json=events,
                headers={"Authorization": f"Bearer {run.key()}"},
                timeout=TIMEOUT_SECONDS,
            )
            assert answer.json()["summary"]["successful"] == count

        def count_runs() -> int:
            found = client.list_objects_v2(Bucket=bucket, Prefix="openlineage/runs/")
            return int(found["KeyCount"])

        def find_lineage() -> str:
            return str(client.head_object(Bucket=bucket, Key="lineage.json")["ETag"])

        def is_begun() -> bool:
            # Runs are the first that is written of a group, lineage is the last.
            return count_runs() > runs

        # After a first event the worker is there, and takes the groups that follow.
        send(0, 1)
        api.wait_until_derived()
        [worker] = [pid for pid in run.pids() if b"derive_handler" in read_command(pid)]
        sent = 1
        for _ in range(TRIES):
            runs, lineage = count_runs(), find_lineage()
            send(sent, GROUP)
            sent += GROUP
            assert eventually(is_begun)
            os.kill(worker, signal.SIGSTOP)
            if find_lineage() == lineage:
                break
            # It was done before it could be stopped: on to another group.
            os.kill(worker, signal.SIGCONT)
            api.wait_until_derived()
        else:
            raise AssertionError("the worker is never in the middle of a group")
        os.kill(worker, signal.SIGKILL)
        api.wait_until_derived()
        found = requests.get(f"{run.url}/lineage?limit=1000", timeout=TIMEOUT_SECONDS).json()
        assert len(found) == len({each["source"] for each in found}) == sent


def read_command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_what_was_deleted_is_restored_from_the_backup_of_the_day(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with local_run.running(data, tmp_path / "out", API_KEY="chosen") as run:
        headers = {"Authorization": "Bearer chosen"}
        # The backup is what the schedule makes last, and then it says so.
        run.wait_until_scheduled()
        before = everything(run.url)
        # The banner is last, whatever went through the API before it and since.
        assert run.printed().rstrip().splitlines()[-1].startswith("  curl -X POST")
        assert run.printed().count("\n") < 25
        day = requests.get(f"{run.url}/analytics/snapshot", timeout=TIMEOUT_SECONDS).json()["date"]
        for name in ("orders", "customers"):
            requests.delete(f"{run.url}/product/{name}", headers=headers, timeout=TIMEOUT_SECONDS)
        assert everything(run.url) != before
        environ = {**os.environ, "DATA_DIR": str(data)}

        def make(*command: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                ["make", *command, "STAGE=local"],
                cwd=local_run.ROOT,
                env=environ,
                input=answer,
                capture_output=True,
                text=True,
            )

        damaged = everything(run.url)
        made = make("backup")
        assert f"products: {total(run.url)} (revision " in made.stdout, made.stderr
        refused = make("restore", f"FROM={day}", answer="n\n")
        assert refused.returncode != 0
        assert f"products: {total(run.url)} -> {total(run.url) + 2}" in refused.stdout
        assert everything(run.url) == damaged
        done = make("restore", f"FROM={day}", "CONFIRM=no")
        assert f"what it was in the backup of {day}" in done.stdout, done.stderr
        assert everything(run.url) == before
        asked = {"principal": "operator", "product": "orders"}
        trail = requests.get(
            f"{run.url}/audit", params=asked, headers=headers, timeout=TIMEOUT_SECONDS
        )
        [record] = trail.json()["records"]
        assert (record["route"], record["status"]) == ("restore", 200)
        back = re.search(r"make restore STAGE=local (FROM=\S+)", done.stdout)
        assert back
        assert make("restore", back[1], answer="y\n").returncode == 0
        assert everything(run.url) == damaged
    done = make("restore", f"FROM={day}", "CONFIRM=no")
    assert f"what it was in the backup of {day}" in done.stdout, done.stderr
    with local_run.running(data, tmp_path / "again", API_KEY="chosen") as run:
        assert everything(run.url) == before
