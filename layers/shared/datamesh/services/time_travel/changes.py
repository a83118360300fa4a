"""The changes of the registry between two moments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from datamesh.errors.requests import InvalidQuery
from datamesh.models.answer_size import take_page
from datamesh.models.json_codec import decode_lenient, encode_answer
from datamesh.services.context import RequestContext
from datamesh.services.lineage import queries
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_renamed_records
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import LineageRecord, ProductRecord

type EncodeItem = Callable[[], bytes]
"""Returns an item of a list as JSON."""


@dataclass(frozen=True)
class ChangesFilter:
    """The condition on the products that changed, or that lineage which changed leads between."""

    product: str | None = None
    domain: str | None = None

    def is_match(self, names: Sequence[str], products: Mapping[str, ProductRecord]) -> bool:
        """Return whether one of the names is the product, and one lies in the domain."""
        if self.product is not None and self.product not in names:
            return False
        if self.domain is None:
            return True
        domain = self.domain.strip().casefold()
        return any(products[name].domain.casefold() == domain for name in names)


@dataclass(frozen=True)
class ChangesPage:
    """A page of six lists: the same rows of each, as JSON."""

    since: datetime
    until: datetime
    products: "ListsOfChanges"
    lineage: "ListsOfChanges"
    next_offset: int | None
    """Where the next page begins; None if this is the last one."""
    is_cut: bool
    """True if the page has fewer rows than were asked for, since more would not fit."""


@dataclass(frozen=True)
class ListsOfChanges:
    """The items that were added, removed and changed, each as JSON."""

    added: list[bytes]
    removed: list[bytes]
    changed: list[bytes]


def find_changes(
    context: RequestContext,
    past: Callable[[datetime], Registry],
    registry: Registry,
    since: datetime,
    until: datetime | None,
    *,
    only: ChangesFilter,
    limit: int,
    offset: int,
) -> ChangesPage:
    """Return what was added, removed and changed: up to `limit` of each list, from `offset` on.

    Lineage is compared as far as it is visible. `until` is now if None. Raises InvalidQuery if
    `since` is after `until`, VersionExpired, StorageUnavailable.
    """
    end = until or registry.now()
    if since > end:
        raise InvalidQuery(f"since {since.isoformat()} is after until {end.isoformat()}")
    before, after = past(since), past(until) if until else registry
    old_file, new_file = _read_products(context, before), _read_products(context, after)
    old_products, new_products = old_file.products, new_file.products
    known = find_renamed_records(old_file, new_file)
    lists = [
        *compare_records(
            RecordsOfMoment(known, old_products, only),
            RecordsOfMoment(new_products, new_products, only),
        ),
        *compare_records(
            RecordsOfMoment(_read_entries(context, before), old_products, only),
            RecordsOfMoment(_read_entries(context, after), new_products, only),
        ),
    ]
    longest = max(map(len, lists))
    rows = min(limit, max(longest - offset, 0))
    page, taken = _take_rows(lists, range(offset, offset + rows))
    following = offset + taken
    return ChangesPage(
        since=since,
        until=end,
        products=ListsOfChanges(*page[:3]),
        lineage=ListsOfChanges(*page[3:]),
        next_offset=following if following < longest else None,
        is_cut=taken < rows,
    )


def _take_rows(
    lists: Sequence[Sequence[EncodeItem]], numbers: range
) -> tuple[list[list[bytes]], int]:
    """Return the items of each list with these numbers, and how many numbers fit into a page."""
    page: list[list[bytes]] = [[] for _ in lists]

    def encode_rows() -> Iterator[bytes]:
        for number in numbers:
            row = [each[number]() if number < len(each) else b"" for each in lists]
            for found, item in zip(page, row, strict=True):
                found.append(item)
            yield b",".join(row)

    taken = len(take_page(encode_rows()))
    return [[item for item in found[:taken] if item] for found in page], taken


@dataclass(frozen=True)
class RecordsOfMoment[R: (ProductRecord, LineageRecord)]:
    """The records of one moment by name or id, and which of them are asked for."""

    records: Mapping[str, R]
    products: Mapping[str, ProductRecord]
    only: ChangesFilter

    def has(self, record: R) -> bool:
        """Return whether the record is asked for."""
        if isinstance(record, ProductRecord):
            return self.only.is_match((record.name,), self.products)
        return self.only.is_match((record.source, record.target), self.products)


def compare_records[R: (ProductRecord, LineageRecord)](
    old: RecordsOfMoment[R], new: RecordsOfMoment[R]
) -> tuple[list[EncodeItem], list[EncodeItem], list[EncodeItem]]:
    """Return what was added, removed and changed, as readers see it."""
    added = [
        record for key, record in new.records.items() if key not in old.records and new.has(record)
    ]
    removed = [
        record for key, record in old.records.items() if key not in new.records and old.has(record)
    ]
    changed = [
        (before, record)
        for key, record in new.records.items()
        if (before := old.records.get(key)) is not None
        and before != record
        and (old.has(before) or new.has(record))
        and _compare_fields(before, record)
    ]
    return (
        [_encode_later(record) for record in added],
        [_encode_later(record) for record in removed],
        [_encode_change_later(before, record) for before, record in changed],
    )


def _encode_later(record: ProductRecord | LineageRecord) -> EncodeItem:
    return lambda: record.public_json


def _encode_change_later(
    old: ProductRecord | LineageRecord, new: ProductRecord | LineageRecord
) -> EncodeItem:
    def encode_change() -> bytes:
        named: dict[str, object] = (
            {"name": new.name}
            if isinstance(new, ProductRecord)
            else {"id": new.id, "source": new.source, "target": new.target}
        )
        return encode_answer({"fields": _compare_fields(old, new), **named})

    return encode_change


def _compare_fields(
    old: ProductRecord | LineageRecord, new: ProductRecord | LineageRecord
) -> dict[str, dict[str, JsonValue]]:
    was, is_now = (
        cast(dict[str, JsonValue], decode_lenient(each.public_json)) for each in (old, new)
    )
    # A field that is absent is left out of a product.
    return {
        field: {"before": was.get(field), "after": is_now.get(field)}
        for field in {**was, **is_now}
        if was.get(field) != is_now.get(field)
    }


def _read_products(context: RequestContext, registry: Registry) -> ProductsFile:
    return registry.products.read(context.deadline)


def _read_entries(context: RequestContext, registry: Registry) -> Mapping[str, LineageRecord]:
    return {entry.id: entry for entry in queries.list_visible_entries(context, registry)}
