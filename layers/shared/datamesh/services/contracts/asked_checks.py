"""The checks that the contract behind a product asks for: its quality rules and service levels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from datamesh.models.checks import MAX_CHECKS, Check, Step
from datamesh.models.products import Product
from datamesh.services.checks.rules import map_quality, map_service_levels
from datamesh.services.contracts.columns import choose_type
from datamesh.services.contracts.detail_entries import (
    find_object,
    find_object_name,
    list_object_names,
)
from datamesh.services.contracts.source import read_source

GONE = "the product has no such column"
MOST = 2 * MAX_CHECKS
"""How many checks of a contract are looked at: those beyond it are not even reported."""


def list_contract_checks(product: Product, source: bytes, known: Sequence[Check]) -> list[Check]:
    """Return the checks that a product's contract asks for beside those that are known already.

    Raises InvalidContract if the document cannot be parsed.
    """
    tree = read_source(source).tree
    name = find_object_name(tree, product.contract) if product.contract else None
    placed = find_object(tree, name)
    found = placed[1] if placed else {}
    checks: list[Check] = []
    for each in _list_mappings(found.get("properties")):
        checks += _list_property_checks(each)
        if len(checks) >= MOST:
            break
    checks += map_quality(found.get("quality"))
    promised = {(each.kind, each.columns) for each in known}
    names = list_object_names(placed)
    levels = map_service_levels(tree.get("slaProperties"), names, tree.get("slaDefaultElement"))
    checks += [each for each in levels if (each.kind, each.columns) not in promised]
    return [_skip_if_gone(each, product) for each in checks[:MOST]]


def _list_property_checks(found: Mapping[str, Any]) -> list[Check]:
    """Return the checks of the quality rules of a property, and of what is within it."""
    top, checks = str(found.get("name") or ""), list[Check]()
    pending: list[tuple[tuple[Step, ...], Mapping[str, Any]]] = [((), found)]
    while pending and len(checks) < MOST:
        path, each = pending.pop()
        rules = map_quality(each.get("quality"), top)
        checks += [_move_within(rule, path, each) for rule in rules] if path else rules
        items = each.get("items")
        if isinstance(items, Mapping):
            pending.append(((*path, None), items))
        nested = [*_list_mappings(each.get("properties"))]
        pending += [((*path, str(one.get("name") or "")), one) for one in reversed(nested)]
    return checks


def _move_within(check: Check, path: tuple[Step, ...], found: Mapping[str, Any]) -> Check:
    """Return the check of a column as one of what a path leads to within it."""
    return replace(check, path=path, type=choose_type(found))


def _list_mappings(value: object) -> Iterable[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _skip_if_gone(check: Check, product: Product) -> Check:
    """Return the check; one of a column that the product has no more is skipped."""
    folders = product.output_port.partitions if product.output_port else ()
    if check.problem or {*product.schema_, *folders}.issuperset(check.columns):
        return check
    return replace(check, problem=GONE)
