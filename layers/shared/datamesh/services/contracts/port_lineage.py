"""Input ports of a data product (ODPS) and the lineage that they are in the registry.

A port names a contract: the products that have it are the sources of the entries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from datamesh.models.contracts import PlanAction, PlannedLineage
from datamesh.services.context import RequestContext
from datamesh.services.contracts.detail_entries import list_entries
from datamesh.services.contracts.output_ports import find_port
from datamesh.services.contracts.pointers import build_pointer
from datamesh.services.lineage.queries import find_upstream
from datamesh.services.lineage.registration import register_lineage_entries
from datamesh.services.permissions import Permissions
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Tree = Mapping[str, Any]

INPUTS = "inputs"
"""Where a product keeps what was upstream of it when its document came: source -> its port."""


@dataclass(frozen=True)
class InputPort:
    """A port that names what a data product is made of."""

    pointer: str
    contract: str
    """The id of the contract that it names; empty if it names none."""
    name: str

    @property
    def key(self) -> str:
        """The word by which products are found: the contract, else the name."""
        return self.contract or self.name


@dataclass(frozen=True)
class PlannedInputs:
    """The lineage that the input ports of a product are."""

    entries: list[PlannedLineage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    upstream: dict[str, JsonValue] = field(default_factory=dict)
    """Source -> the key of its port; empty for those that the document does not name."""


@dataclass(frozen=True)
class Upstream:
    """The products that lead into one now, in a file as its reader sees it."""

    names: Sequence[str]
    file: ProductsFile


def list_inputs(tree: Tree, port: str | None) -> Iterator[InputPort]:
    """Yield the inputs of an output port: those that it lists itself, else those of all."""
    place, found = find_port(tree, port) or ((), {})
    own = found.get("inputContracts") or ()
    for index, each in enumerate(own):
        yield InputPort(build_pointer((*place, "inputContracts", index)), _read(each, "id"), "")
    for place, each in [] if own else list_entries(tree, ("inputPorts",)):
        yield InputPort(build_pointer(place), _read(each, "contractId"), _read(each, "name"))


def find_contracted(
    permissions: Permissions, file: ProductsFile, contract: str
) -> list[ProductRecord]:
    """Return the products of a contract's id, as far as the caller sees them.

    One without a contract is found by its name, as its own export calls it.
    """
    found = [
        each
        for each in file.products.values()
        if each.contract and each.contract.id == contract and permissions.can_see(each)
    ]
    called = file.products.get(contract)
    return found or ([called] if called and permissions.can_see(called) else [])


def prepare_inputs(
    context: RequestContext,
    registry: Registry,
    file: ProductsFile,
    tree: Tree,
    port: str | None,
    target: str,
) -> PlannedInputs:
    """Return the entries that the inputs of a product are, and warnings for the others."""
    known = read_upstream(context, registry, target) if target in file.products else []
    planned = PlannedInputs(upstream=dict.fromkeys(known, ""))
    for each in list_inputs(tree, port):
        sources = [name for name in _find_sources(context, file, each) if name != target]
        if not sources:
            planned.warnings.append(
                f"{each.pointer}: no product has the contract '{each.key[:100]}', so that it is"
                " no lineage yet: send the document again once there is one"
            )
        for source in sources:
            is_new = source not in planned.upstream
            action = PlanAction.CREATE if is_new else PlanAction.UNCHANGED
            planned.upstream[source] = each.key
            planned.entries.append(
                PlannedLineage(source=source, target=target, pointer=each.pointer, action=action)
            )
    return planned


def register_inputs(
    context: RequestContext, registry: Registry, planned: Sequence[PlannedInputs]
) -> None:
    """Register the entries that are new, in one commit. Raises what registering lineage raises."""
    items: list[JsonValue] = [
        {
            "source": each.source,
            "target": each.target,
            "transformation": "Input port of the data product",
        }
        for inputs in planned
        for each in inputs.entries
        if each.action is PlanAction.CREATE
    ]
    if items:
        register_lineage_entries(context, registry, items, partial=False)


def read_upstream(context: RequestContext, registry: Registry, name: str) -> list[str]:
    """Return the names of the products that lead into one, sorted."""
    return sorted({entry.source for entry in find_upstream(context, registry, name)})


def write_inputs(
    tree: dict[str, Any],
    port: str | None,
    before: Mapping[str, JsonValue],
    now: Upstream,
) -> dict[str, Any]:
    """Return a document with the ports of lineage that came or went since it was imported.

    `before` is what was upstream then. The port of a source that the reader does not see stays.
    """
    products = now.file.products
    left = {before[name] for name in before if name not in now.names and name in products}
    gone = left - {before.get(name) for name in now.names}
    named = {each.key for each in list_inputs(tree, port)}
    added = [products[name] for name in now.names if name in products and name not in before]
    new = [each for each in added if not named & _list_keys(each)]
    if not new and not gone & named:
        return tree
    found = find_port(tree, port)
    if found and found[1].get("inputContracts"):
        index = int(found[0][-1])
        kept = [each for each in found[1]["inputContracts"] if _read(each, "id") not in gone]
        ports = [*tree["outputPorts"]]
        ports[index] = {**found[1], "inputContracts": [*kept, *map(_build_contract, new)]}
        return {**tree, "outputPorts": ports}
    entries = [
        each
        for each in tree.get("inputPorts") or ()
        if (_read(each, "contractId") or _read(each, "name")) not in gone
    ]
    return {**tree, "inputPorts": [*entries, *map(_build_input, new)]}


def _find_sources(context: RequestContext, file: ProductsFile, port: InputPort) -> list[str]:
    """Return the products of a port: of several with its contract the one called as the port is."""
    found = find_contracted(context.permissions, file, port.key)
    parts = [each.contract.object if each.contract else None for each in found]
    named = [
        each.name
        for each, part in zip(found, parts, strict=True)
        if port.name and port.name in (each.name, part)
    ]
    return named or [each.name for each in found]


def _list_keys(record: ProductRecord) -> set[str]:
    return {record.name, record.contract.id} if record.contract else {record.name}


def _build_contract(record: ProductRecord) -> dict[str, Any]:
    contract = record.contract
    return {"id": contract.id if contract else record.name, "version": record.to_model().version}


def _build_input(record: ProductRecord) -> dict[str, Any]:
    contract = _build_contract(record)
    return {
        "name": record.name,
        "version": contract["version"],
        "contractId": contract["id"],
    }


def _read(entry: Tree, key: str) -> str:
    return str(entry.get(key) or "").strip()
