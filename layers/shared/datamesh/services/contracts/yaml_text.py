"""YAML of contracts: what is parsed is counted first, so that no document grows when it is built.

The words mean what PyYAML's safe loader makes of them, which the standard's own tools use, but for
dates: they are text. Each value keeps its line.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import yaml
from pydantic import JsonValue

from datamesh.errors.contracts import InvalidContract
from datamesh.models.contracts import ContractFault
from datamesh.services.contracts.json_text import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_VALUES,
    NOT_FINITE,
    TOO_MANY_DIGITS,
    check_values,
)

MAX_ALIASES = 100
"""How many aliases a contract may have."""
MAX_SHOWN = 40

CORE_TAG = "tag:yaml.org,2002:"
MERGE_TAG, TIMESTAMP_TAG = CORE_TAG + "merge", CORE_TAG + "timestamp"
CORE_TAGS = frozenset(CORE_TAG + name for name in ("str", "int", "float", "bool", "null"))
"""The tags that plain scalars may have."""


type Child = tuple[int, yaml.Node]
"""The line of a key or an item, from 0, and its node."""


class HasLine(Protocol):
    """A place in a text."""

    line: int


class _ContractLoader(yaml.CSafeLoader):
    """A safe loader to which dates are text."""


_ContractLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != TIMESTAMP_TAG]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class YamlDocument:
    """A composed document: its nodes know their lines."""

    root: yaml.Node
    _children: dict[int, dict[str, Child]] = field(default_factory=dict, compare=False, repr=False)

    def build_tree(self) -> JsonValue:
        """Return the document as JSON values.

        Raises InvalidContract for keys that are no text or occur twice, and values JSON has not.
        """
        tree = _TreeBuilder().build(self.root)
        check_values(tree)
        return tree

    def find_line(self, pointer: str) -> int:
        """Return the line of what a JSON pointer names, or of the nearest that holds it."""
        node, line = self.root, self.root.start_mark.line
        for token in pointer.split("/")[1:]:
            found = self._find_child(node, token.replace("~1", "/").replace("~0", "~"))
            if found is None:
                break
            line, node = found
        return int(line) + 1

    def _find_child(self, node: yaml.Node, token: str) -> Child | None:
        """Return the line of a key or an item, and its node."""
        if isinstance(node, yaml.MappingNode):
            return self._list_children(node).get(token)
        if not isinstance(node, yaml.SequenceNode) or not token.isdecimal():
            return None
        if int(token) >= len(node.value):
            return None
        item = node.value[int(token)]
        return item.start_mark.line, item

    def _list_children(self, node: yaml.MappingNode) -> dict[str, Child]:
        """Return the lines and nodes of keys: of repeated ones the last, of merged ones the first.

        They are kept, for a document may have a fault at each key of a large mapping.
        """
        known = self._children.get(id(node))
        if known is None:
            known = self._children[id(node)] = {}
            for key, value in node.value:
                if key.tag == MERGE_TAG:
                    for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                        known |= self._list_children(merged) | known
            known |= {key.value: (key.start_mark.line, value) for key, value in node.value}
        return known


def parse_yaml(text: str) -> YamlDocument:
    """Compose a document of bounded size.

    Raises InvalidContract, with the line, if it is not YAML, is too deep, has more than one
    document, tags of its own, or more than MAX_ALIASES aliases.
    """
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=_ContractLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise refuse_at(f"is not YAML: {reason}", mark) from None
    except (yaml.YAMLError, ValueError) as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        fault = ContractFault(
            pointer="", line=line, message="The contract has a character that YAML has not"
        )
        raise InvalidContract([fault]) from None
    if root is None:
        raise refuse_at("is empty", None)
    return YamlDocument(root)


def refuse_at(message: str, mark: "HasLine | None") -> InvalidContract:
    """Return the error of a place in a contract."""
    line = mark.line + 1 if mark else None
    return InvalidContract(
        [ContractFault(pointer="", line=line, message=f"The contract {message}")]
    )


def _check_events(text: str) -> None:
    """Raise InvalidContract for what must not be composed."""
    depth = aliases = values = documents = 0
    for event in yaml.parse(text, Loader=_ContractLoader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        values += isinstance(event, yaml.NodeEvent)
        _check_tag(event)
        for count, limit, what in (
            (depth, MAX_DEPTH, f"is nested deeper than {MAX_DEPTH} levels"),
            (aliases, MAX_ALIASES, f"has more than {MAX_ALIASES} aliases"),
            (values, MAX_VALUES, f"has more than {MAX_VALUES} keys and values"),
            (documents, 1, "is more than one document"),
        ):
            if count > limit:
                raise refuse_at(what, event.start_mark)


def _check_tag(event: yaml.Event) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and isinstance(event, yaml.NodeEvent):
        shown = str(tag).removeprefix(CORE_TAG)[:MAX_SHOWN]
        raise refuse_at(f"has the tag '{shown}'; no tags are read", event.start_mark)


class _TreeBuilder:
    """Builds JSON values of nodes, each alias anew, and counts them."""

    def __init__(self) -> None:
        self._count = 0
        self._open: set[int] = set()
        """The nodes that are being built: an alias to one of them has no end."""
        self._loader: Any = _ContractLoader("")

    def build(self, node: yaml.Node) -> JsonValue:
        """Return the value of a node. Raises InvalidContract."""
        self._count += 1
        if self._count > MAX_VALUES:
            raise refuse_at(f"has more than {MAX_VALUES} keys and values", node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            return self._build_scalar(node)
        if id(node) in self._open:
            raise refuse_at("has an alias within what it stands for", node.start_mark)
        if len(self._open) >= MAX_DEPTH:
            raise refuse_at(f"is nested deeper than {MAX_DEPTH} levels", node.start_mark)
        self._open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            value: JsonValue = [self.build(item) for item in node.value]
        else:
            value = dict(self._build_pairs(node))
        self._open.discard(id(node))
        return value

    def _build_pairs(self, node: yaml.Node) -> Iterator[tuple[str, JsonValue]]:
        merged: dict[str, JsonValue] = {}
        own: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if key_node.tag == MERGE_TAG:
                merged = self._build_merged(value_node) | merged
                continue
            key = self.build(key_node)
            if not isinstance(key, str):
                raise refuse_at("has a key that is no text; quote it", key_node.start_mark)
            if key in own:
                shown = f"has the key '{key[:MAX_SHOWN]}' twice in one mapping"
                raise refuse_at(shown, key_node.start_mark)
            own[key] = self.build(value_node)
        yield from (merged | own).items()

    def _build_merged(self, node: yaml.Node) -> dict[str, JsonValue]:
        """Return what `<<` brings: of several mappings the first has the last word."""
        built = self.build(node)
        parts = built if isinstance(built, list) else [built]
        merged: dict[str, JsonValue] = {}
        for part in parts:
            if not isinstance(part, dict):
                raise refuse_at("merges what is no mapping", node.start_mark)
            merged = part | merged
        return merged

    def _build_scalar(self, node: yaml.ScalarNode) -> JsonValue:
        if node.tag not in CORE_TAGS:
            raise refuse_at(
                f"has a value of no JSON type: {node.value[:MAX_SHOWN]}", node.start_mark
            )
        if node.tag == CORE_TAG + "int" and len(node.value) > MAX_DIGITS:
            raise refuse_at(TOO_MANY_DIGITS, node.start_mark)
        try:
            value: JsonValue = self._loader.construct_object(node)
        except (ValueError, yaml.YAMLError):
            raise refuse_at("has a number that cannot be read", node.start_mark) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise refuse_at(NOT_FINITE, node.start_mark)
        return value
