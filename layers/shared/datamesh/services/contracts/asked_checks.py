"""The checks that the contract behind a product asks for: its quality rules and service levels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from datamesh.models.checks import MAX_CHECKS, MAX_NAME_LENGTH, Check, skip_check
from datamesh.models.products import Product
from datamesh.services.checks.rules import map_quality, map_service_levels
from datamesh.services.contracts.detail_entries import find_object, find_object_name
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
    levels = map_service_levels(tree.get("slaProperties"), name)
    checks += [each for each in levels if (each.kind, each.columns) not in promised]
    return [_skip_if_gone(each, product) for each in checks[:MOST]]


def _list_property_checks(found: Mapping[str, Any]) -> list[Check]:
    """Return the checks of a property; those of what is within it are skipped, and say so."""
    name = str(found.get("name") or "")
    checks = map_quality(found.get("quality"), name)
    within = _count_rules_within(found)
    if within:
        shown = f"{within} quality rules within {name}"[:MAX_NAME_LENGTH]
        reason = "columns within columns are not checked"
        checks.append(skip_check(shown, "nested", (name,), reason))
    return checks


def _count_rules_within(found: Mapping[str, Any]) -> int:
    pending, count = [*_list_nested(found)], 0
    while pending:
        each = pending.pop()
        rules = each.get("quality")
        count += len(rules) if isinstance(rules, list) else 0
        pending += _list_nested(each)
    return count


def _list_nested(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    nested = [*_list_mappings(found.get("properties"))]
    items = found.get("items")
    return [*nested, items] if isinstance(items, Mapping) else nested


def _list_mappings(value: object) -> Iterable[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _skip_if_gone(check: Check, product: Product) -> Check:
    """Return the check; one of a column that the product has no more is skipped."""
    folders = product.output_port.partitions if product.output_port else ()
    if check.problem or {*product.schema_, *folders}.issuperset(check.columns):
        return check
    return replace(check, problem=GONE)
