"""Reads `recorded/`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recorded"
NAMES = sorted(file.stem for file in FOLDER.glob("*.json"))


@dataclass(frozen=True)
class Recording:
    """Requests of one client, in order: POST to `path` with `headers` and an event each."""

    path: str
    headers: dict[str, str]
    events: list[dict[str, Any]]


def read(name: str) -> Recording:
    return Recording(**json.loads((FOLDER / f"{name}.json").read_text()))
