"""Contracts as they are sent: YAML or JSON, bounded before anything is built of them.

A source is kept byte for byte; what is read of it is a tree of JSON values, and where each of them
stands (docs/adr/0039-contracts.md).
"""

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
        return self.positions.find_line(pointer) if self.positions else None


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
    if text.lstrip()[:1] == "{" and (parsed := parse_json_text(text)) is not None:
        # Blanks are all that tabs can be in valid JSON, and YAML has none there.
        positions = find_json_positions(text.replace("\t", " "))
        return ContractSource(body, "application/json", parsed, positions)
    document = parse_yaml(text)
    tree = document.build_tree()
    if not isinstance(tree, dict):
        raise _refuse("a contract is a mapping of keys to values", 1)
    return ContractSource(body, "application/yaml", tree, document)


def find_json_positions(text: str) -> YamlDocument | None:
    """Return where the values of a JSON text stand; None if YAML cannot read it."""
    try:
        return parse_yaml(text)
    except InvalidContract:
        return None


def _refuse(message: str, line: int | None = None) -> InvalidContract:
    return InvalidContract([ContractFault(pointer="", line=line, message=message)])
