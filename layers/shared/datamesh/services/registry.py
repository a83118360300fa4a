"""The registry: two documents, their limits and a clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Registry:
    products: Document[ProductsFile]
    lineage: Document[LineageFile]
    max_products: int = 1000
    max_lineage_entries: int = 10_000
    now: Callable[[], datetime] = utc_now


@dataclass(frozen=True)
class Page[T]:
    """A window of a longer list."""

    items: Sequence[T]
    total: int


def page[T](items: Sequence[T], limit: int, offset: int) -> Page[T]:
    return Page(items[offset : offset + limit], len(items))
