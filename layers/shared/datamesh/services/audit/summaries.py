"""Summarize a commit for its audit record: what changed, in which domains, from what to what."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from pydantic import JsonValue

from datamesh.models.audit import AuditedChange, AuditedCommit, AuditedDomain, AuditedField
from datamesh.models.json_codec import encode_model, encode_value
from datamesh.services.audit.differences import (
    AuditedRecord,
    Difference,
    compare_records,
    find_renamed,
    get_key,
    list_records,
)
from datamesh.storage.commit import ProposedCommit
from datamesh.storage.records import LineageRecord, ProductRecord, RegistryRecord
from datamesh.storage.registry_file import RegistryFile

MAX_CHANGES = 20
"""How many items of a commit are told with their fields."""
MAX_FIELDS = 20
"""How many fields of an item are told."""
MAX_VALUE_BYTES = 200
"""The most bytes of JSON that a small value has."""
MAX_BYTES = 16 * 1024
"""How many bytes the items of a commit take in its record, before none is added."""
NOT_TOLD = frozenset(
    {"id", "updated_at", "since_revision", "products_revision", "secrets", "product_origin"}
)
"""Fields that every change changes, or that say nothing to people."""

type FindDomains = Callable[[str], set[str]]
"""The name of a product -> the domains that it is, or was, of; empty if that is not known."""
type IsHidden = Callable[[str], bool]
"""The name of a product -> whether only its own domain may know of it."""
type Action = Literal["added", "changed", "removed"]
type Kind = Literal["product", "lineage", "grant", "key", "request"]


@dataclass(frozen=True)
class _Change:
    """An item before and after a commit; one of both is None."""

    before: AuditedRecord | None
    after: AuditedRecord | None

    @property
    def action(self) -> Action:
        if self.before is None:
            return "added"
        return "changed" if self.after is not None else "removed"

    @property
    def records(self) -> list[AuditedRecord]:
        return [each for each in (self.before, self.after) if each is not None]


def summarize_commit(
    commit: ProposedCommit[Any],
    find_domains: FindDomains,
    is_hidden: IsHidden,
    *,
    with_changes: bool,
) -> AuditedCommit:
    """Return what a commit adds, changes and removes: counts, products and the first changes.

    A product that was renamed has changed; both its names are told. Without `with_changes` no value
    is told, and no name but those of products.
    """
    difference = compare_records(list_records(commit.before), list_records(commit.after))
    changes = [*_iterate_changes(difference, commit.after)]
    places = _PlaceFinder(commit, find_domains, is_hidden)
    told = [*_describe_changes(changes, places)] if with_changes else []
    actions = [each.action for each in changes]
    return AuditedCommit(
        document=commit.document,
        commit_id=commit.commit_id,
        revision=commit.revision,
        added=actions.count("added"),
        changed=actions.count("changed"),
        removed=actions.count("removed"),
        products=tuple(sorted(difference.product_names)),
        domains=_count_by_domain(changes, places),
        changes=tuple(told),
        more_changes=len(changes) - len(told),
    )


def _iterate_changes(difference: Difference, after: RegistryFile) -> Iterator[_Change]:
    renamed = find_renamed(difference, after)
    new_names = {*renamed.values()}
    for name, record in difference.added.items():
        if name not in new_names:
            yield _Change(None, record)
    for name, record in difference.changed.items():
        yield _Change(difference.replaced[name], record)
    for name, record in difference.removed.items():
        yield _Change(record, difference.added[renamed[name]] if name in renamed else None)


@dataclass
class _PlaceFinder:
    """Finds the domains of records, and the products of a domain."""

    commit: ProposedCommit[Any]
    find_domains: FindDomains
    is_hidden: IsHidden

    def list_places(self, change: _Change) -> dict[str, set[str]]:
        """Return domain -> the products of it that an item names; an unknown domain is empty."""
        found: dict[str, set[str]] = {}
        for record in change.records:
            if isinstance(record, ProductRecord):
                found.setdefault(record.domain, set()).add(record.name)
            elif isinstance(record, LineageRecord):
                for name, domains in self._list_ends(record).items():
                    for domain in domains:
                        found.setdefault(domain, set()).add(name)
            else:
                for domain in self._list_domains(record):
                    found.setdefault(domain, set())
        return found

    def _list_ends(self, entry: LineageRecord) -> dict[str, set[str]]:
        """Return the products of an entry with the domains that are told of it.

        The entry of a hidden product is a change of its domain alone.
        """
        ends = {name: self.find_domains(name) or {""} for name in (entry.source, entry.target)}
        hidden = [ends[name] for name in ends if self.is_hidden(name)]
        if not hidden:
            return ends
        told = set.intersection(*hidden)
        return {name: domains & told if told else {""} for name, domains in ends.items()}

    def _list_domains(self, record: AuditedRecord) -> set[str]:
        """Return the domain of a grant, or of a request; of a key those of its grants."""
        domain: str | None = getattr(record, "domain", None)
        if domain is not None:
            return {domain}
        principal = getattr(record, "principal", None)
        grants = (*self.commit.before.grants.values(), *self.commit.after.grants.values())
        return {each.domain for each in grants if each.principal == principal}


def _count_by_domain(changes: list[_Change], places: _PlaceFinder) -> dict[str, AuditedDomain]:
    counts: dict[str, dict[Action, int]] = {}
    names: dict[str, set[str]] = {}
    for change in changes:
        for domain, products in places.list_places(change).items():
            found = counts.setdefault(domain, {})
            found[change.action] = found.get(change.action, 0) + 1
            names.setdefault(domain, set()).update(products)
    return {
        domain: AuditedDomain(
            added=counts[domain].get("added", 0),
            changed=counts[domain].get("changed", 0),
            removed=counts[domain].get("removed", 0),
            products=tuple(sorted(names[domain])),
        )
        for domain in sorted(counts)
    }


def _describe_changes(changes: list[_Change], places: _PlaceFinder) -> Iterator[AuditedChange]:
    bytes_left = MAX_BYTES
    for change in changes[:MAX_CHANGES]:
        told = _describe_change(change, places)
        bytes_left -= len(encode_model(told))
        if bytes_left < 0:
            return
        yield told


def _describe_change(change: _Change, places: _PlaceFinder) -> AuditedChange:
    before, after = (_read_fields(each) for each in (change.before, change.after))
    fields = [
        _describe_field(name, before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name) and name not in NOT_TOLD
    ]
    flat = [each for part in fields for each in part]
    last = change.records[-1]
    return AuditedChange(
        kind=_find_kind(last),
        id=get_key(last),
        action=change.action,
        domains=tuple(sorted(places.list_places(change))),
        fields=tuple(flat[:MAX_FIELDS]),
        more_fields=max(0, len(flat) - MAX_FIELDS),
    )


def _find_kind(record: AuditedRecord) -> Kind:
    if isinstance(record, ProductRecord):
        return "product"
    if isinstance(record, LineageRecord):
        return "lineage"
    kinds: dict[str, Kind] = {
        "StoredGrant": "grant",
        "StoredKey": "key",
        "StoredAccessRequest": "request",
    }
    return kinds[type(record).__name__]


def _read_fields(record: AuditedRecord | None) -> Mapping[str, JsonValue]:
    """Return the fields of a record that hold something."""
    if record is None:
        return {}
    text = bytes(record.json) if isinstance(record, RegistryRecord) else encode_model(record)
    found: dict[str, JsonValue] = msgspec.json.decode(text)
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def _describe_field(name: str, before: JsonValue, after: JsonValue) -> Iterator[AuditedField]:
    """Yield a field with both its values; of an object that stays one, the members that differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for member in dict.fromkeys((*before, *after)):
            old, new = before.get(member), after.get(member)
            if old != new:
                yield _build_field(f"{name}.{member}", old, new)
    else:
        yield _build_field(name, before, after)


def _build_field(name: str, before: JsonValue, after: JsonValue) -> AuditedField:
    old, new = _shorten(before), _shorten(after)
    return AuditedField(name=name, before=old, after=new, cut=(old, new) != (before, after))


def _shorten(value: JsonValue) -> JsonValue:
    """Return a small value as it is, and None for others.

    The beginning of a text might end within something that a redaction has to find later.
    """
    return value if len(encode_value(value)) <= MAX_VALUE_BYTES else None
