"""The local API as a process: how it starts, ends, and what it leaves."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from dev.log import FILE as LOG_FILE
from tests.integration.fake_project import FakeProject
from tests.integration.processes import alive, eventually

ROOT = Path(__file__).parents[2]
KEY = "a-key-for-this-test"
SECONDS = 120
"""The longest wait for anything that happens at once on a machine with nothing else to do."""

# Puts what is posted into the bucket, and answers what is there; `/things/<other>` never ends.
STORE = """
    import os
    import time
    import boto3

    bucket = os.environ["CATALOG_BUCKET"]

    def handler(event, context):
        if "pathParameters" in event:
            print("looping", os.getpid(), flush=True)
            while True:
                pass
        s3 = boto3.client("s3")
        if event["requestContext"]["http"]["method"] == "POST":
            s3.put_object(Bucket=bucket, Key="kept", Body=event["body"])
            principal = event["requestContext"]["authorizer"]["lambda"]["principal"]
            return {"pid": os.getpid(), "principal": principal, "level": os.environ["LOG_LEVEL"]}
        body = s3.get_object(Bucket=bucket, Key="kept")["Body"].read().decode()
        return {"statusCode": 200, "body": body}
"""

NOISE = """
    import sys

    def handler(event, context):
        print('{"level": "INFO", "message": "quiet"}')
        print('{"level": "WARNING", "message": "loud"}')
        print("plain")
        print("on standard error", file=sys.stderr)
        return {"statusCode": 200}
"""


class Running(NamedTuple):
    process: "subprocess.Popen[str]"
    url: str

    def put(self, text: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "text/plain"}
        response = requests.post(f"{self.url}/things", headers=headers, data=text, timeout=SECONDS)
        assert response.status_code == 200
        answer: dict[str, str] = response.json()
        return answer


@pytest.fixture
def project(tmp_path: Path) -> FakeProject:
    return FakeProject(tmp_path / "project", STORE)


def environment(data: Path, **variables: str) -> dict[str, str]:
    own = {"PORT": "0", "DATA_DIR": str(data), "EXAMPLES": "0", "API_KEY": KEY, **variables}
    return {**os.environ, "PYTHONPATH": str(ROOT), **own}


def command(project: FakeProject) -> list[str]:
    return [sys.executable, "-m", "dev", "--template", str(project.template)]


@contextlib.contextmanager
def started(
    arguments: Sequence[str], data: Path, log: Path | None = None, **variables: str
) -> Iterator[Running]:
    """Runs until it says that it is ready; killed at the end if it still is there."""
    with (log or data.parent / "log").open("a") as output:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=environment(data, **variables),
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    assert process.stdout
    banner = ""
    try:
        for line in process.stdout:
            banner += line
            if "curl" in line:
                break
        url = banner.partition("API   ")[2].partition("\n")[0]
        yield Running(process, url)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def failed(arguments: Sequence[str], data: Path, **variables: str) -> tuple[int, list[str]]:
    """Exit code and error output of a run that cannot start."""
    done = subprocess.run(
        arguments,
        cwd=ROOT,
        env=environment(data, **variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


def server_pid(data: Path) -> int:
    return int((data / "weed.pid").read_text())


def test_a_signal_ends_everything_with_code_0(project: FakeProject, tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with started(command(project), data, log, LOG_LEVEL="DEBUG") as running:
        answer = running.put("text")
        assert (answer["principal"], answer["level"]) == ("local", "DEBUG")
        pids = [int(answer["pid"]), server_pid(data)]
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(SECONDS) == 0
        assert not any(alive(pid) for pid in pids)
    written = (data / LOG_FILE).read_text()
    assert [line.split()[1:4] for line in written.splitlines()] == [["POST", "/things", "200"]]
    assert KEY not in written
    assert log.read_text() == ""  # nothing of a healthy request is on the terminal


def test_what_a_function_prints_is_on_the_terminal_when_it_warns_or_is_asked_for(
    project: FakeProject, tmp_path: Path
) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    project.code("things", NOISE)
    printed = ['{"level": "INFO", "message": "quiet"}', "plain"]
    warned = ['{"level": "WARNING", "message": "loud"}', "on standard error"]
    for number, variables in enumerate(({}, {"LOG": "1"})):
        log.unlink(missing_ok=True)
        with started(command(project), data, log, **variables) as running:
            assert requests.get(f"{running.url}/things", timeout=SECONDS).status_code == 200
        shown = log.read_text().splitlines()
        assert {*warned} <= {*shown}
        assert {*printed} <= {*shown} if variables else not {*printed} & {*shown}
        written = (data / LOG_FILE).read_text().splitlines()
        assert [written.count(line) for line in printed + warned] == [number + 1] * 4


def test_killed_it_leaves_no_process_and_keeps_what_it_acknowledged(
    project: FakeProject, tmp_path: Path
) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with started(command(project), data, log) as running:
        idle = int(running.put("acknowledged")["pid"])
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{running.url}/things/endless", timeout=1)
        assert eventually(lambda: "looping " in (data / LOG_FILE).read_text())
        written = (data / LOG_FILE).read_text()
        looping = int(written.partition("looping ")[2].split()[0])
        pids = [idle, looping, server_pid(data)]
        assert [pid for pid in pids if not alive(pid)] == []
        running.process.kill()
        # At once: the next start waits until the last one's server is gone.
        with started(command(project), data, log) as again:
            assert requests.get(f"{again.url}/things", timeout=SECONDS).text == "acknowledged"
            assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_it_ends_when_its_storage_does(project: FakeProject, tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with started(command(project), data, log) as running:
        os.kill(server_pid(data), signal.SIGKILL)
        assert running.process.wait(SECONDS) == 1
    assert log.read_text() == f"the embedded S3 server has ended; see {data / 'weed.log'}\n"


def test_a_second_run_is_refused_in_one_line(project: FakeProject, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(command(project), data) as running:
        code, lines = failed(command(project), data)
        assert (code, lines) == (1, [f"{data} is in use by another run"])
        assert running.put("still there")


def test_a_taken_port_is_told_in_one_line(project: FakeProject, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code, lines = failed(command(project), tmp_path / "data", PORT=str(port))
    assert code == 1
    assert lines == [
        f"http://127.0.0.1:{port} is in use by another program; "
        f"try another port: PORT={port + 1} make run"
    ]
    assert not (tmp_path / "data").exists()


def test_bad_settings_and_templates_are_told_in_one_line(
    project: FakeProject, tmp_path: Path
) -> None:
    assert failed(command(project), tmp_path / "data", PORT="http") == (
        2,
        ["PORT must be a whole number from 0 to 65535, not 'http'"],
    )
    project.template.write_text("Resources: {}")
    assert failed(command(project), tmp_path / "data") == (
        1,
        ["the local API serves one HTTP API, the template has 0"],
    )


@pytest.mark.parametrize("whole_group", [False, True], ids=["sigterm", "ctrl-c"])
def test_make_run_ends_with_its_signals(tmp_path: Path, whole_group: bool) -> None:
    data = tmp_path / "data"
    with started(["make", "run"], data) as running:
        assert requests.get(f"{running.url}/nothing", timeout=SECONDS).status_code == 404
        pid = server_pid(data)
        if whole_group:  # as a terminal does
            os.killpg(running.process.pid, signal.SIGINT)
        else:
            running.process.send_signal(signal.SIGTERM)
        running.process.wait(SECONDS)
        assert eventually(lambda: not alive(pid))
        with pytest.raises(requests.ConnectionError):
            requests.get(running.url, timeout=5)
