"""Execution environments: how many there are, when they are replaced, and how they fail."""

import asyncio
import marshal
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dev.execution import pool, sources
from tests.integration.fake_project import FakeProject, run
from tests.integration.processes import alive, eventually

PID = """
    import os

    def handler(event, context):
        return {"statusCode": 200, "body": str(os.getpid())}
"""
# Answers once `together` requests are inside at the same time, each in a process of its own.
MEET = """
    import os
    import pathlib
    import time

    def handler(event, context):
        folder = pathlib.Path(__file__).parent / "inside"
        folder.mkdir(exist_ok=True)
        (folder / str(os.getpid())).touch()
        together = int(event["queryStringParameters"]["together"])
        while len(list(folder.iterdir())) < together:
            time.sleep(0.005)
        return {"statusCode": 200, "body": str(os.getpid())}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProject:
    monkeypatch.setattr(sources, "STAMP_SECONDS", 0.0)
    return FakeProject(tmp_path)


class StillClock:
    """The time of the running loop, which passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self._now)

    def pass_by(self, seconds: float) -> None:
        self._now += seconds


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait in a thread: the timers of the loop may stand still."""
    assert await asyncio.to_thread(eventually, condition)


def test_one_environment_serves_requests_that_do_not_overlap(project: FakeProject) -> None:
    project.code("things", PID)

    async def scenario(client: httpx.AsyncClient) -> None:
        pids = {(await client.get("/things")).text for _ in range(5)}
        assert len(pids) == 1

    run(project, scenario)


def test_overlapping_requests_start_more_environments_up_to_the_bound(
    project: FakeProject,
) -> None:
    project.code("things", MEET)
    together = pool.MAX_ENVIRONMENTS

    async def scenario(client: httpx.AsyncClient) -> None:
        calls = [client.get(f"/things?together={together}") for _ in range(3 * together)]
        answers = [response.text for response in await asyncio.gather(*calls)]
        assert len(answers) == 3 * together
        assert len(set(answers)) == together

    run(project, scenario)


def test_requests_that_wait_leave_an_environment_for_others(project: FakeProject) -> None:
    project.code(
        "things",
        """
        import pathlib, time

        def handler(event, context):
            go = pathlib.Path(__file__).with_name("go")
            if "wait" not in (event.get("queryStringParameters") or {}):
                go.touch()
            while not go.exists():
                time.sleep(0.01)
            return "done"
        """,
    )

    async def scenario(client: httpx.AsyncClient) -> None:
        calls = [
            asyncio.create_task(client.get("/things?after=now&wait=10"))
            for _ in range(pool.MAX_WAITING + 1)
        ]
        refused, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        [(status, seconds)] = [
            (each.result().status_code, each.result().headers["retry-after"]) for each in refused
        ]
        assert (status, seconds) == (429, "2")
        assert (await client.get("/things")).text == "done"
        assert sorted(each.status_code for each in await asyncio.gather(*calls)) == [
            *[200] * pool.MAX_WAITING,
            429,
        ]

    run(project, scenario)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.5], ids=["at-once", "starting", "running"])
def test_a_request_that_waits_too_long_is_refused(
    project: FakeProject, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(pool, "MAX_ENVIRONMENTS", 1)
    monkeypatch.setattr(pool, "INTEGRATION_SECONDS", seconds)
    project.code("things", "import time\ndef handler(event, context):\n    time.sleep(60)\n")

    async def scenario(client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(client.get("/things"), client.get("/things"))
        assert [(a.status_code, a.json()) for a in answers] == [
            (503, {"message": "Service Unavailable"})
        ] * 2

    run(project, scenario)


def test_an_edit_takes_effect_at_the_next_request(project: FakeProject) -> None:
    (project.layer / "common.py").write_text("WORD = 'a'\n")
    source = """
        import common

        def handler(event, context):
            return common.WORD + "{}"
        """

    async def scenario(client: httpx.AsyncClient) -> None:
        for number in range(3):  # edits of one size within a second
            project.code("things", source.format(number))
            assert (await client.get("/things")).text == f"a{number}"
        (project.layer / "common.py").write_text("WORD = 'b'\n")
        assert (await client.get("/things")).text == "b2"
        project.describe(path="/renamed")
        assert (await client.get("/things")).status_code == 404
        assert (await client.get("/renamed")).text == "b2"

    run(project, scenario)


def test_bytecode_counts_for_one_content_of_its_source(project: FakeProject) -> None:
    module = project.layer / "common.py"
    module.write_text("WORD = 'a'\n")
    project.code("things", "import common\ndef handler(event, context): return common.WORD\n")

    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.get("/things")).text == "a"
        (kept,) = (project.layer / "__pycache__").iterdir()
        compiled = kept.read_bytes()
        module.write_text("WORD = 'b'\n")
        assert (await client.get("/things")).text == "b"
        module.write_text("WORD = 'a'\n")
        head, other = compiled[:16], "WORD = 'c'\n"
        for there, read in [
            (head + marshal.dumps(compile(other, str(module), "exec")), "c"),  # it is taken
            (head + marshal.dumps(compile(other, "elsewhere.py", "exec")), "a"),
            (compiled[:-9], "a"),
        ]:
            kept.write_bytes(there)
            os.utime(module)
            assert (await client.get("/things")).text == read

    run(project, scenario)


def test_requests_that_follow_at_once_do_not_walk_over_the_sources_again(
    project: FakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.code("things", PID)
    walks: list[Path] = []
    walk = sources.stamp_files

    def note(path: Path) -> sources.Stamp:
        walks.extend([path] if path.name == "things" else [])
        return walk(path)

    monkeypatch.setattr(sources, "stamp_files", note)

    async def scenario(client: httpx.AsyncClient) -> None:
        monkeypatch.setattr(sources, "STAMP_SECONDS", 60.0)
        for _ in range(3):
            assert (await client.get("/things")).status_code == 200
        assert len(walks) == 1
        monkeypatch.setattr(sources, "STAMP_SECONDS", 0.0)
        assert (await client.get("/things")).status_code == 200
        assert len(walks) == 2

    run(project, scenario)


def test_an_environment_that_an_edit_replaces_ends(project: FakeProject) -> None:
    project.code("things", PID)

    async def scenario(client: httpx.AsyncClient) -> None:
        before = int((await client.get("/things")).text)
        assert alive(before)
        project.code("things", PID + "\n")
        assert int((await client.get("/things")).text) != before
        assert not alive(before)

    run(project, scenario)


def test_broken_code_and_a_broken_template_answer_500_until_mended(
    project: FakeProject, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        project.code("things", "import nowhere\n")
        for _ in range(2):
            broken = await client.get("/things")
            assert broken.status_code == 500
            assert broken.json() == {"message": "Internal Server Error"}
        assert "ModuleNotFoundError: No module named 'nowhere'" in caplog.text
        project.code("things", PID)
        assert (await client.get("/things")).status_code == 200
        project.template.write_text("Resources: [")
        for _ in range(2):
            assert (await client.get("/things")).status_code == 500
        assert "template.yaml cannot be read" in caplog.text
        project.describe()
        assert (await client.get("/things")).status_code == 200

    run(project, scenario)


def test_errors_timeouts_and_crashes_answer_500_and_the_next_request_is_served(
    project: FakeProject, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.describe(timeout=1)
    project.code(
        "things",
        """
        import os, sys, time

        def handler(event, context):
            match event["pathParameters"]["id"]:
                case "error":
                    raise ValueError("what went wrong")
                case "crash":
                    os._exit(3)
                case "exit":
                    raise SystemExit(1)
                case "slow":
                    print("sleeping", file=sys.stderr, flush=True)
                    time.sleep(60)
            return str(os.getpid())
        """,
    )

    async def scenario(client: httpx.AsyncClient) -> None:
        clock = StillClock(monkeypatch)
        pid = (await client.get("/things/pid")).text
        for failure in ("error", "crash", "exit", "slow"):
            call = asyncio.create_task(client.get(f"/things/{failure}"))
            if failure == "slow":
                await wait_until(lambda: "sleeping" in caplog.text)
                clock.pass_by(1)
            failed = await call
            assert failed.status_code == 500
            assert failed.json() == {"message": "Internal Server Error"}
            after = (await client.get("/things/pid")).text
            # An environment outlives an error of its handler, and nothing else.
            assert (after == pid) == (failure == "error")
            pid = after
        assert "ValueError: what went wrong" in caplog.text
        assert "timed out after 1.00 seconds" in caplog.text
        assert "exited before it answered" in caplog.text

    run(project, scenario)


def test_an_environment_that_nobody_needs_ends(
    project: FakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 4.0)
    project.code("things", PID)

    async def scenario(client: httpx.AsyncClient) -> None:
        clock = StillClock(monkeypatch)
        pid = (await client.get("/things")).text
        clock.pass_by(pool.IDLE_SECONDS - 1)
        assert (await client.get("/things")).text == pid
        clock.pass_by(pool.IDLE_SECONDS)
        await wait_until(lambda: not alive(int(pid)))
        answer = await client.get("/things")
        assert (answer.status_code, answer.text == pid) == (200, False)

    run(project, scenario)


def test_only_what_the_load_does_not_need_ends(
    project: FakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 4.0)
    project.code("things", MEET)

    async def scenario(client: httpx.AsyncClient) -> None:
        clock = StillClock(monkeypatch)
        calls = [client.get("/things?together=2") for _ in range(2)]
        pids = {answer.text for answer in await asyncio.gather(*calls)}
        [used] = {(await client.get("/things?together=1")).text}
        [spare] = pids - {used}
        for _ in range(2):
            clock.pass_by(pool.IDLE_SECONDS / 2)
            assert (await client.get("/things?together=1")).text == used
        await wait_until(lambda: not alive(int(spare)))
        assert alive(int(used))
        assert (await client.get("/things?together=1")).text == used

    run(project, scenario)


def test_no_request_fails_because_environments_end(
    project: FakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.0)  # they end as soon as nobody waits for one
    project.code("things", PID)
    pids: list[int] = []

    async def scenario(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            answers = await asyncio.gather(*(client.get("/things") for _ in range(6)))
            assert {answer.status_code for answer in answers} == {200}
            pids.extend(int(answer.text) for answer in answers)

    run(project, scenario)
    assert len(set(pids)) > 3
    assert not any(map(alive, pids))


def test_no_environment_survives_the_gateway(project: FakeProject) -> None:
    project.code("things", PID)
    pids: list[int] = []

    async def scenario(client: httpx.AsyncClient) -> None:
        pids.append(int((await client.get("/things")).text))
        assert alive(pids[0])

    run(project, scenario)
    assert not alive(pids[0])
