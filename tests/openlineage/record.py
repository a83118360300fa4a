"""Writes `recorded/`: what the pinned clients send, for tests that do without them.

`make .venv-openlineage/ready && .venv/bin/python -m tests.openlineage.record`. A file holds one
client's requests in the order of their arrival at a server on this machine: the headers that
they have in common, and the events. Ids and times are replaced by others in the same order, so
that another recording differs where a client does.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from tests.openlineage import clients
from tests.openlineage.clients import Client, Dbt, Server
from tests.openlineage.recorder import Request, recording
from tests.openlineage.recordings import FOLDER

KEY = "PUT-YOUR-API-KEY-HERE"
KEPT = ("authorization", "content-type", "content-encoding")
SCENARIOS = (
    "column-lineage",
    "datasets-alone",
    "inputs-first",
    "lineage-facets",
    "better-and-worse",
    "without-a-run",
    "quality-passed",
    "quality-failed",
    "aborted",
    "again",
)
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?")
CLOCK = re.compile(r"at \d\d:\d\d:\d\d\.\d+ after [\d.]+ seconds")


def python_events(folder: Path, server: Server) -> None:
    Client(folder, server.transport()).send("example", *SCENARIOS)


def python_gzip(folder: Path, server: Server) -> None:
    Client(folder, server.transport(compression="gzip")).send("example", "datasets-alone")


def dbt_build(folder: Path, server: Server) -> None:
    dbt = Dbt(folder / "project", server.transport(), "bikes")
    dbt.ol("seed")
    dbt.ol("build")


def dbt_test(folder: Path, server: Server) -> None:
    """Test five datasets, of which one fails; schemas come from the warehouse."""
    dbt = Dbt(folder / "project", server.transport(), "bikes")
    dbt.dbt("seed")
    dbt.dbt("run")
    dbt.dbt("docs", "generate")
    dbt.ol("test", "--vars", "strict: true", expected=1)


def dbt_structured_logs(folder: Path, server: Server) -> None:
    """Sent while dbt runs: one seed, the model of it, the model's tests, one of which fails."""
    dbt = Dbt(folder / "project", server.transport(), "bikes")
    dbt.ol(
        "--consume-structured-logs",
        "build",
        "--select",
        "+stg_stations",
        "--vars",
        "strict: true",
        expected=1,
    )


RECORDINGS: dict[str, Callable[[Path, Server], None]] = {
    "openlineage-python": python_events,
    "openlineage-python-gzip": python_gzip,
    "dbt-build": dbt_build,
    "dbt-test-failed": dbt_test,
    "dbt-structured-logs": dbt_structured_logs,
}


def record(client: Callable[[Path, Server], None]) -> str:
    with tempfile.TemporaryDirectory() as name, recording() as recorder:
        client(Path(name), Server(recorder.url, KEY))
        return neutral(document(recorder.requests), name)


def document(requests: list[Request]) -> str:
    """One event a line."""
    [path] = {request.path for request in requests}
    [shared] = {json.dumps(kept(request.headers)) for request in requests}
    events = ",\n".join(json.dumps(request.event) for request in requests)
    return f'{{"path": "{path}",\n"headers": {shared},\n"events": [\n{events}\n]}}\n'


def kept(headers: dict[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in KEPT if name in headers}


def neutral(text: str, folder: str) -> str:
    """Return the text without what differs from one recording to the next."""
    ids: Iterator[int] = count(1)
    names: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"01900000-0000-7000-8000-{next(ids):012d}")

    places = {time: place for place, time in enumerate(sorted(set(TIME.findall(text))))}

    def moved(found: re.Match[str]) -> str:
        minutes, seconds = divmod(places[found[0]], 60)
        return f"2026-01-31T09:{minutes:02d}:{seconds:02d}.000000"

    text = UUID.sub(renamed, TIME.sub(moved, text)).replace(folder, "/folder")
    return CLOCK.sub("at 09:30:00.000000 after 1.00 seconds", text)


def main() -> None:
    clients.require()
    FOLDER.mkdir(exist_ok=True)
    for name, client in RECORDINGS.items():
        (FOLDER / f"{name}.json").write_text(record(client))
        print(name)


if __name__ == "__main__":
    main()
