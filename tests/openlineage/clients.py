"""Starts the clients, each as a process of its own in `.venv-openlineage`."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".venv-openlineage" / "bin"
PROJECT = ROOT / "examples" / "dbt"
LIMIT_SECONDS = 600
ANSWER_SECONDS = 60
"""How long a transport waits for an answer: a first one waits until a function has started."""
OTHERS = ("OPENLINEAGE", "DBT_")
"""Settings of whoever runs the tests do not reach the clients."""

type Event = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """The server that events go to, as the HTTP transports are told."""

    url: str
    key: str

    def transport(self, kind: str = "http", **more: object) -> dict[str, object]:
        auth = {"type": "api_key", "api_key": self.key}
        # The clients replace what follows the last slash.
        address = {"url": f"{self.url}/", "timeout": ANSWER_SECONDS}
        return {"type": kind, **address, "auth": auth, **more}


class Client:
    """The transport under test, in a folder of its own. Events go to a file as well, after the
    transport: with a synchronous one, those alone that were answered with success."""

    def __init__(self, folder: Path, transport: dict[str, object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._sent = folder / "sent.jsonl"
        copy = {"type": "file", "log_file_path": str(self._sent), "append": True}
        self._config = folder / "openlineage.yml"
        # JSON is YAML.
        self._config.write_text(
            json.dumps(
                {
                    "transport": {
                        "type": "composite",
                        "continue_on_failure": False,
                        "transports": [transport, copy],
                    }
                }
            )
        )

    def sent(self) -> list[Event]:
        """Return all events that it has sent so far."""
        if not self._sent.exists():
            return []
        return [json.loads(line) for line in self._sent.read_text().splitlines()]

    def run(
        self, *command: str, expected: int = 0, delivered: bool = True, **variables: str
    ) -> list[Event]:
        """Run a command and return what it has sent; `expected` is its exit code."""
        before = len(self.sent())
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(OTHERS)}
        ran = subprocess.run(
            [str(PROGRAMS / command[0]), *command[1:]],
            cwd=self._folder,
            env=inherited
            | {"OPENLINEAGE_CONFIG": str(self._config), "PYTHONPATH": str(ROOT)}
            | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
            | variables,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
        output = ran.stdout + ran.stderr
        assert ran.returncode == expected, output[-5000:]
        # dbt-ol goes on without its events.
        assert ("failed to emit" not in output.lower()) is delivered, output[-5000:]
        return self.sent()[before:]

    def send(self, unique: str, *scenarios: str, delivered: bool = True) -> list[Event]:
        program = ("python", "-m", "tests.openlineage.send", unique, *scenarios)
        return self.run(*program, expected=0 if delivered else 1, delivered=delivered)


class Dbt(Client):
    """dbt-ol on a copy of the example project, over a warehouse that is called `unique`."""

    def __init__(self, folder: Path, transport: dict[str, object], unique: str) -> None:
        shutil.copytree(
            PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb")
        )
        super().__init__(folder, transport)
        self.database = unique
        self._warehouse = f"{unique}.duckdb"
        self.namespace = f"duckdb://{self._warehouse}"

    def ol(self, *arguments: str, expected: int = 0) -> list[Event]:
        return self.run("dbt-ol", *arguments, expected=expected, WAREHOUSE=self._warehouse)

    def dbt(self, *arguments: str) -> None:
        """Run dbt without events."""
        self.run("dbt", *arguments, WAREHOUSE=self._warehouse)


def require() -> None:
    if not (PROGRAMS.parent / "ready").exists():
        sys.exit("the clients are not installed: make .venv-openlineage/ready")
