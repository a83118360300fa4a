"""The commands and the answers that README and guides show, read from Markdown.

A fenced block `sh` is run. A block `json` or `text` right below it shows what the block before it
prints: a `json` block holds a part of the answer, with `...` for what is left out; of a `text`
block each line but `...` is printed, in this order. Blocks of other languages are not run.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$\n*", re.MULTILINE | re.DOTALL)
SETUP = "export URL=http://127.0.0.1:3000 KEY=my-key\n"
"""The block that tells a reader where the API is; a test sets both variables itself."""


@dataclass(frozen=True)
class Shown:
    """An answer as a document shows it."""

    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A block of commands, and the answer that is shown below it, if any."""

    script: str
    shown: Shown | None

    @property
    def is_refused(self) -> bool:
        """True if an error is shown."""
        return self.shown is not None and '"success": false' in self.shown.text


def list_documents() -> list[Path]:
    """Return the documents with commands to run: the README first, then the site's pages."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in pages if "\n```sh\n" in page.read_text()]


def read_commands(document: Path) -> list[Command]:
    """Return the commands of a document in their order, without the setup."""
    text = document.read_text()
    found: list[Command] = []
    end = -1
    for fence in FENCE.finditer(text):
        language, body = fence.groups()
        if language == "sh" and body != SETUP:
            found.append(Command(body, None))
        elif language in ("json", "text") and fence.start() == end and found:
            found[-1] = Command(found[-1].script, Shown(language, body))
        end = fence.end() if language == "sh" else -1
    return found


def is_shown_by(shown: Shown, printed: str) -> bool:
    """Return whether a block shows a part of what was printed."""
    if shown.language == "json":
        return is_part_of(_parse(shown.text), json.loads(printed))
    lines = iter(printed.replace("\r", "").splitlines())
    wanted = [line for line in shown.text.splitlines() if line.strip() != "..."]
    return all(any(is_part_of(line, each) for each in lines) for line in wanted)


def _parse(text: str) -> object:
    """Return the JSON of a block in which `...` outside of texts stands for what is left out."""
    return json.loads(re.sub(r"(,\s*)?\.\.\.\s*(?=[],}])", "", text))


def is_part_of(shown: object, actual: object) -> bool:
    """Return whether `actual` is what is shown, or has it: fields, elements in order, `...`."""
    match shown, actual:
        case dict(), dict():
            return all(
                key in actual and is_part_of(value, actual[key]) for key, value in shown.items()
            )
        case list(), list():
            return _are_in_order(shown, actual)
        case str(), str():
            return _is_text_of(shown, actual)
    return shown == actual


def _are_in_order(shown: Sequence[object], actual: Sequence[object]) -> bool:
    rest = iter(actual)
    return all(any(is_part_of(element, each) for each in rest) for element in shown)


def _is_text_of(shown: str, actual: str) -> bool:
    if _is_moment(shown) and _is_moment(actual):
        return True
    pattern = ".*".join(map(re.escape, shown.split("...")))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def _is_moment(text: str) -> bool:
    """Return whether it is a time of day, which differs from run to run."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text
