"""The faults of a contract, each with its JSON pointer and line."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from datamesh.models.contracts import ContractFault
from datamesh.services.contracts.pointers import build_pointer
from datamesh.services.contracts.schemas import (
    NEWEST_CONTRACT_SCHEMA,
    SCHEMA_FILES,
    load_schema,
    open_validator,
)
from datamesh.services.contracts.source import ContractSource
from datamesh.services.contracts.strict_schema import STRICTER, Schema, find_part, list_names

MAX_FAULTS = 100
"""How many faults are told."""
MAX_NAME = 100
_CLOSED = ("AdditionalProperties", "UnevaluatedProperties")
_CHOICES = ("OneOfNotValid", "AnyOf")

type Path = tuple[str | int, ...]
type Tree = dict[str, Any]


@dataclass(frozen=True)
class _Finding:
    """A fault before it is known to be one: an unexpected name may follow from another fault."""

    path: Path
    """The value with the fault."""
    message: str
    name: str | None = None
    """The key that is not expected there; it is told in the place of the message."""
    names: tuple[str, ...] = ()
    """The keys that are."""
    is_listed: bool = False
    """True if the standard has the name there, under some condition."""
    is_stricter: bool = False
    """True if the published schema would let the name pass."""


def find_faults(source: ContractSource) -> list[ContractFault]:
    """Return the faults of a contract, in the order of their lines; MAX_FAULTS at most."""
    file = find_schema_file(source)
    if isinstance(file, ContractFault):
        return [file]
    findings = _find_breaches(source.tree, file)
    if file.startswith("datacontract/") and any(each.is_stricter for each in findings):
        findings = _drop_later_names(source.tree, file, findings)
    placed = {_find_place(source, found): found for found in _drop_consequences(findings)}
    # Words are found for those that are told alone: that takes long, and there may be thousands.
    told = sorted(placed, key=lambda place: (place.line or 0, place.pointer, place.message))
    return [_to_fault(place, placed[place]) for place in told[:MAX_FAULTS]]


def _find_breaches(tree: Tree, file: str) -> list[_Finding]:
    schema = load_schema(file)
    errors = open_validator(file).iter_errors(tree)
    return [found for error in errors for found in _read_error(schema, error)]


def _drop_later_names(tree: Tree, file: str, findings: Sequence[_Finding]) -> list[_Finding]:
    """Return the findings without names of later versions that the published schema lets pass.

    People write them into documents of earlier versions. A name that passes makes those that hold
    it unexpected, too: so it is looked again without it.
    """
    newest = {(each.path, each.name) for each in _find_breaches(tree, NEWEST_CONTRACT_SCHEMA)}

    def is_later(found: _Finding) -> bool:
        return found.is_stricter and (found.path, found.name) not in newest

    rest = deepcopy(tree)
    for found in filter(is_later, _drop_consequences(findings)):
        _find_value(rest, found.path).pop(found.name, None)
    return [each for each in _find_breaches(rest, file) if not is_later(each)]


def _find_value(tree: Tree, path: Path) -> Any:
    value: Any = tree
    for token in path:
        value = value[token]
    return value


def find_schema_file(source: ContractSource) -> str | ContractFault:
    """Return the file of the schema that a document says it follows, or what is wrong with that."""
    for name, allowed in (("kind", [*SCHEMA_FILES]), ("apiVersion", None)):
        value = source.tree.get(name)
        known = allowed or [*SCHEMA_FILES[str(source.tree["kind"])]]
        if not isinstance(value, str) or value not in known:
            got = "nothing" if name not in source.tree else repr(value)[:MAX_NAME]
            message = f"{name} is one of {', '.join(known)}, not {got}"
            line = source.find_line(f"/{name}")
            return ContractFault(pointer=f"/{name}", line=line, message=message)
    return SCHEMA_FILES[str(source.tree["kind"])][str(source.tree["apiVersion"])]


def _read_error(schema: Schema, error: Any) -> Iterator[_Finding]:
    """Return the findings of an error; of alternatives those of the nearest."""
    kind, path = type(error.kind).__name__.rpartition("_")[2], tuple(error.instance_path)
    if kind in _CLOSED:
        where = find_part(schema, error.schema_path[:-1])
        names, is_stricter = list_names(schema, where), where.get("$comment") == STRICTER
        for name in error.kind.unexpected:
            yield _Finding(path, "", name, tuple(names), name in names, is_stricter)
    elif kind in _CHOICES and (branch := _find_nearest(error.kind.context, path)):
        for each in branch:
            yield from _read_error(schema, each)
    elif kind in _CHOICES and (types := _list_types(error.kind.context)):
        yield _Finding(path, f"the value is not of type {' or '.join(types)}")
    elif kind == "OneOfMultipleValid":
        both = _describe_exclusive_names(schema, error)
        yield _Finding(path, f"only one of {both} may be there" if both else error.message[:500])
    elif kind == "Required":
        yield _Finding(path, f"'{error.kind.property}' is missing")
    else:
        yield _Finding(path, error.message[:500])


def _find_nearest(branches: Sequence[Sequence[Any]], path: Path) -> Sequence[Any] | None:
    """Return the errors of the alternative that the value is nearest to: of the right type.

    One whose names are all there is nearer than others.
    """
    fitting = [
        branch
        for branch in branches
        if not any(
            type(each.kind).__name__.endswith("Type") and tuple(each.instance_path) == path
            for each in branch
        )
    ]

    def measure(branch: Sequence[Any]) -> tuple[int, int]:
        missing = sum(
            type(each.kind).__name__.endswith("Required") and tuple(each.instance_path) == path
            for each in branch
        )
        return missing, len(branch)

    return min(fitting, key=measure, default=None)


def _list_types(branches: Sequence[Sequence[Any]]) -> list[str]:
    """Return the types of which a value should have one."""
    found = [
        f'"{name}"'
        for branch in branches
        for error in branch
        for name in getattr(error.kind, "types", ())
    ]
    return list(dict.fromkeys(found))


def _describe_exclusive_names(schema: Schema, error: Any) -> str:
    """Return the names of a mapping that do not go together, as a text."""
    branches: Any = find_part(schema, error.schema_path)
    required = [name for branch in branches for name in branch.get("required", ())]
    there = [name for name in required if name in error.instance]
    return " and ".join(f"'{name}'" for name in there)


def _describe_name(name: str, names: Sequence[str]) -> str:
    shown = name[:MAX_NAME]
    if name in names:
        return f"'{shown}' does not go with the other values here"
    near = get_close_matches(shown, names, 1)
    hint = f"; is it '{near[0]}'?" if near else ""
    return f"'{shown}' is not known here{hint}"


def _drop_consequences(findings: Sequence[_Finding]) -> Iterator[_Finding]:
    """Return the findings without the names that are unexpected only since a part has a fault."""
    faulty: set[Path] = set()
    """The values that a finding is about or within; of listed names within alone."""
    for found in sorted(findings, key=lambda each: (each.is_listed, -len(each.path))):
        if found.is_listed and found.path in faulty:
            continue
        faulty.update(found.path[:size] for size in range(len(found.path) + 1 - found.is_listed))
        yield found


def _find_place(source: ContractSource, found: _Finding) -> ContractFault:
    """Return the fault of a finding, without the words for a name."""
    path = found.path if found.name is None else (*found.path, found.name)
    pointer = build_pointer(path)
    return ContractFault(pointer=pointer, line=source.find_line(pointer), message=found.message)


def _to_fault(place: ContractFault, found: _Finding) -> ContractFault:
    if found.name is None:
        return place
    return place.model_copy(update={"message": _describe_name(found.name, found.names)})
