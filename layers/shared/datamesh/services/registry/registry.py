"""The registry: two documents, their limits and a clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from datamesh.models.values import utc_now
from datamesh.services.registry.domain_index import DomainIndex
from datamesh.services.registry.lineage_index import LineageIndex
from datamesh.storage.document import CommitKey, Document
from datamesh.storage.files import LineageFile, ProductsFile


@dataclass(frozen=True)
class Attempt:
    """One of possibly several tries of a write, which all have the same id and time."""

    id: str
    first_at: datetime
    products_since: int
    lineage_since: int
    repeated: bool

    def products_key(self) -> CommitKey:
        return CommitKey(self.id, self.products_since, self.repeated)

    def lineage_key(self) -> CommitKey:
        return CommitKey(self.id, self.lineage_since, self.repeated)


@dataclass(frozen=True)
class Registry:
    products: Document[ProductsFile]
    lineage: Document[LineageFile]
    max_products: int = 1000
    max_lineage_entries: int = 10_000
    data_prefixes: tuple[str, ...] = ()
    """Where, besides `domains/` of the catalog's bucket, output ports may lie."""
    now: Callable[[], datetime] = utc_now
    attempt: Attempt | None = None
    """Set for a write that its caller may repeat."""
    commit_id: str | None = None
    """Of the commits of the present request: that of its audit record."""
    lineage_index: LineageIndex = field(default_factory=LineageIndex)
    """Lives as long as the execution environment: `replace` hands it on."""

    domains: DomainIndex = field(default_factory=DomainIndex)

    def registered_at(self) -> datetime:
        """The time of a registration: that of its first try."""
        return self.attempt.first_at if self.attempt else self.now()

    def products_key(self) -> CommitKey | None:
        """The same for all tries of a write."""
        return self.attempt.products_key() if self.attempt else self._key_of_request()

    def lineage_key(self) -> CommitKey | None:
        return self.attempt.lineage_key() if self.attempt else self._key_of_request()

    def _key_of_request(self) -> CommitKey | None:
        """For a write that nobody repeats."""
        return CommitKey(self.commit_id, since=0, repeated=False) if self.commit_id else None


@dataclass(frozen=True)
class Page[T]:
    """A window of a longer list."""

    items: Sequence[T]
    total: int


def page[T](items: Sequence[T], limit: int, offset: int) -> Page[T]:
    return Page(items[offset : offset + limit], len(items))
