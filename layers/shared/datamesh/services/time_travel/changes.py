"""The changes of the registry between two moments."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from datamesh.errors import InvalidQuery
from datamesh.models.changes import (
    ChangedEntry,
    ChangedProduct,
    Changes,
    FieldChange,
    LineageChanges,
    ProductChanges,
)
from datamesh.models.json_codec import decode_lenient
from datamesh.services.context import RequestContext
from datamesh.services.lineage import queries
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord


def find_changes(
    context: RequestContext,
    past: Callable[[datetime], Registry],
    registry: Registry,
    since: datetime,
    until: datetime | None,
    limit: int,
) -> Changes:
    """Return what was added, removed and changed, at most `limit` items in each list.

    Lineage is compared as far as it is visible. `until` is now if None. Raises InvalidQuery if
    `since` is after `until`, VersionExpired, StorageUnavailable.
    """
    end = until or registry.now()
    if since > end:
        raise InvalidQuery(f"since {since.isoformat()} is after until {end.isoformat()}")
    before, after = past(since), past(until) if until else registry
    products = _Difference(_read_products(context, before), _read_products(context, after))
    entries = _Difference(_read_entries(context, before), _read_entries(context, after))
    return Changes(
        since=since,
        until=end,
        truncated=max(products.longest, entries.longest) > limit,
        products=ProductChanges(
            added=[record.to_model() for record in products.added[:limit]],
            removed=[record.to_model() for record in products.removed[:limit]],
            changed=[
                ChangedProduct(name=new.name, fields=fields)
                for new, fields in products.changed[:limit]
            ],
        ),
        lineage=LineageChanges(
            added=[record.to_model() for record in entries.added[:limit]],
            removed=[record.to_model() for record in entries.removed[:limit]],
            changed=[
                ChangedEntry(id=new.id, source=new.source, target=new.target, fields=fields)
                for new, fields in entries.changed[:limit]
            ],
        ),
    )


class _Difference[R: (ProductRecord, LineageRecord)]:
    """The difference between two versions of records by name or id, as readers see them."""

    def __init__(self, old: Mapping[str, R], new: Mapping[str, R]) -> None:
        self.added: list[R] = [record for key, record in new.items() if key not in old]
        self.removed: list[R] = [record for key, record in old.items() if key not in new]
        self.changed: list[tuple[R, dict[str, FieldChange]]] = [
            (record, fields)
            for key, record in new.items()
            if key in old and old[key] != record and (fields := _compare_fields(old[key], record))
        ]
        self.longest = max(len(self.added), len(self.removed), len(self.changed))


def _compare_fields(
    old: ProductRecord | LineageRecord, new: ProductRecord | LineageRecord
) -> dict[str, FieldChange]:
    was, is_now = (
        cast(dict[str, JsonValue], decode_lenient(each.public_json)) for each in (old, new)
    )
    return {
        field: FieldChange(before=was[field], after=is_now[field])
        for field in was
        if was[field] != is_now[field]
    }


def _read_products(context: RequestContext, registry: Registry) -> Mapping[str, ProductRecord]:
    return registry.products.read(context.deadline).products


def _read_entries(context: RequestContext, registry: Registry) -> Mapping[str, LineageRecord]:
    return {entry.id: entry for entry in queries.list_visible_entries(context, registry)}
