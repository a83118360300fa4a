"""Contracts as they are sent: YAML or JSON, bounded before anything is built of them.

A source is kept byte for byte; what is read of it is a tree of JSON values, and where each of them
stands (docs/adr/0039-contracts.md).
"""

import json
import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from pydantic import JsonValue

from datamesh.errors.contracts import InvalidContract
from datamesh.models.contracts import ContractFault, MediaType
from datamesh.services.contracts.json_text import parse_json_text
from datamesh.services.contracts.yaml_text import YamlDocument, parse_yaml

MAX_SOURCE_BYTES = 1_048_576
"""The most bytes of a contract."""
BYTE_ORDER_MARK = "\ufeff"
_SURROGATES = re.compile(
    r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""A character of JSON that is written as two, which YAML does not read."""
_LINE_ENDS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""The ends of lines of YAML 1.1; editors know the first ones alone."""


@dataclass(frozen=True)
class ContractSource:
    """A contract that could be parsed: its bytes, and what they say."""

    body: bytes
    media_type: MediaType
    tree: dict[str, JsonValue]
    positions: YamlDocument | None
    """Where the values stand; None for JSON that YAML has no words for."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of the bytes, in hexadecimal."""
        return sha256(self.body).hexdigest()

    def find_line(self, pointer: str) -> int | None:
        """Return the line of what a JSON pointer names, or of the nearest that holds it."""
        if self.positions is None:
            return None
        line = self.positions.find_line(pointer)
        return line - bisect_left(self._odd_ends, line)

    @cached_property
    def _odd_ends(self) -> list[int]:
        """The lines that YAML ends where editors go on."""
        if self.body.isascii():
            return []
        ends = enumerate(_LINE_ENDS.finditer(self.body.decode()), start=1)
        return [number for number, end in ends if end[0] not in "\r\n"]


def read_source(body: bytes) -> ContractSource:
    """Parse a contract. Raises InvalidContract, with the line, if it is neither YAML nor JSON.

    Refused are also more than MAX_SOURCE_BYTES, bytes that are not UTF-8, keys that occur twice,
    tags, too many aliases and values, and values that JSON has not.
    """
    if len(body) > MAX_SOURCE_BYTES:
        raise _refuse(f"a contract has at most {MAX_SOURCE_BYTES} bytes, this one {len(body)}")
    try:
        text = body.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _refuse(f"a contract is UTF-8, and byte {error.start} is not", line) from None
    if text.lstrip()[:1] == "{" and (parsed := _read_json(text)) is not None:
        return ContractSource(body, "application/json", parsed, find_json_positions(text))
    document = parse_yaml(text)
    tree = document.build_tree()
    if not isinstance(tree, dict):
        raise _refuse("a contract is a mapping of keys to values", 1)
    return ContractSource(body, "application/yaml", tree, document)


def _read_json(text: str) -> dict[str, JsonValue] | None:
    """Return what a JSON text says. Raises InvalidContract, with the line if YAML sees it too."""
    try:
        return parse_json_text(text)
    except InvalidContract:
        if positions := find_json_positions(text):
            positions.build_tree()
        raise


def find_json_positions(text: str) -> YamlDocument | None:
    """Return where the values of a JSON text stand; None if YAML cannot read it."""
    # Blanks are all that tabs can be in valid JSON, and YAML has none there.
    readable = text.replace("\t", " ")
    try:
        return parse_yaml(_SURROGATES.sub(_join_surrogates, readable))
    except InvalidContract:
        return None


def _join_surrogates(found: re.Match[str]) -> str:
    joined: str = json.loads(f'"{found[2]}"')
    return found[1] + joined


def _refuse(message: str, line: int | None = None) -> InvalidContract:
    return InvalidContract([ContractFault(pointer="", line=line, message=message)])
