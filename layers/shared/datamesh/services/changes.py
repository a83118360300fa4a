"""What was added, removed and changed between two moments."""

from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter

from pydantic import BaseModel, TypeAdapter

from datamesh.errors import InvalidQuery
from datamesh.models.changes import (
    ChangedEntry,
    ChangedProduct,
    Changes,
    FieldChange,
    LineageChanges,
    ProductChanges,
)
from datamesh.models.lineage import LineageEntry
from datamesh.models.products import Product
from datamesh.services import lineage
from datamesh.services.registry import Registry

PRODUCT = TypeAdapter(Product)
ENTRY = TypeAdapter(LineageEntry)


def between(
    past: Callable[[datetime], Registry],
    registry: Registry,
    since: datetime,
    until: datetime | None,
    limit: int,
) -> Changes:
    """Changes of products and of visible lineage, at most `limit` in each list.

    Raises InvalidQuery if `since` is after `until`, VersionExpired, StorageUnavailable.
    """
    end = until or registry.now()
    if since > end:
        raise InvalidQuery(f"since {since.isoformat()} is after until {end.isoformat()}")
    before, after = past(since), past(until) if until else registry
    products = _Difference(_products(before), _products(after), attrgetter("name"), PRODUCT)
    entries = _Difference(_entries(before), _entries(after), attrgetter("id"), ENTRY)
    return Changes(
        since=since,
        until=end,
        truncated=max(products.longest, entries.longest) > limit,
        products=ProductChanges(
            added=products.added[:limit],
            removed=products.removed[:limit],
            changed=[
                ChangedProduct(name=new.name, fields=fields)
                for new, fields in products.changed[:limit]
            ],
        ),
        lineage=LineageChanges(
            added=entries.added[:limit],
            removed=entries.removed[:limit],
            changed=[
                ChangedEntry(id=new.id, source=new.source, target=new.target, fields=fields)
                for new, fields in entries.changed[:limit]
            ],
        ),
    )


class _Difference[T: BaseModel]:
    """Between two collections of things that each have a name, as readers see them."""

    def __init__(
        self,
        before: Iterable[T],
        after: Iterable[T],
        name: Callable[[T], str],
        shown: TypeAdapter[T],
    ) -> None:
        old = {name(each): each for each in before}
        new = {name(each): each for each in after}
        self.added = [each for key, each in new.items() if key not in old]
        self.removed = [each for key, each in old.items() if key not in new]
        self.changed = [
            (each, fields)
            for key, each in new.items()
            if key in old and (fields := _changed_fields(old[key], each, shown))
        ]
        self.longest = max(len(self.added), len(self.removed), len(self.changed))


def _changed_fields[T](old: T, new: T, shown: TypeAdapter[T]) -> dict[str, FieldChange]:
    if old == new:
        return {}
    was, is_now = (shown.dump_python(each, mode="json", by_alias=True) for each in (old, new))
    return {
        field: FieldChange(before=was[field], after=is_now[field])
        for field in was
        if was[field] != is_now[field]
    }


def _products(registry: Registry) -> Iterable[Product]:
    return registry.products.read().products.values()


def _entries(registry: Registry) -> Iterable[LineageEntry]:
    return lineage.visible_entries(registry)
