"""A registry in memory that keeps its past, with a clock that tests set."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from datamesh.services.registry.registry import Registry
from datamesh.services.time_travel.feed import FeedLogs
from datamesh.services.time_travel.past import RegistryHistory
from datamesh.storage.commit_log import CommitLog
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionPage
from datamesh.storage.objects import MemoryObject, StoredObject
from datamesh.wiring.resources import Resources
from tests.archives import MemoryArchive
from tests.meshes import NO_WAIT, NOON, resources

PAGE = 3
"""Versions a page: few, so that tests turn pages."""


class VersionedMemory(MemoryObject):
    """Tells times to the second, as S3 does."""

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        super().__init__(name)
        self.now = now
        self.kept: list[tuple[ObjectVersion, StoredObject | None]] = []
        self.listings = 0
        self.expired = 0

    def put(self, body: bytes, replaces: str | None) -> str:
        etag = super().put(body, replaces)
        self.keep(body)
        return etag

    def keep(self, body: bytes | None, modified: datetime | None = None) -> None:
        """Whatever the object holds; None is a deletion."""
        at = (modified or self.now()).replace(microsecond=0)
        version = ObjectVersion(f"v{self.expired + len(self.kept)}", at, deleted=body is None)
        stored = None if body is None else StoredObject(body, f'"{version.id}"')
        self.kept.append((version, stored))

    def expire(self, count: int) -> None:
        """Expire versions as a lifecycle rule does: the oldest go."""
        self.expired += len(self.kept[:count])
        del self.kept[:count]

    def list_versions(self, older: ListMarker | None = None) -> VersionPage:
        self.listings += 1
        newest_first = [version for version, _ in reversed(self.kept)]
        start = 0
        if older:
            ids = [version.id for version in newest_first]
            # Of a version that is gone a server may say anything; moto and SeaweedFS list nothing.
            start = ids.index(older[1]) + 1 if older[1] in ids else len(ids)
        page = newest_first[start : start + PAGE]
        more = start + PAGE < len(newest_first)
        return VersionPage(page, (self.name, page[-1].id) if more else None)

    def get_version(self, version_id: str) -> StoredObject | None:
        return {version.id: stored for version, stored in self.kept}.get(version_id)


@dataclass
class Timeline:
    """`registry` now, `past` before; `tick` moves the clock on."""

    now: datetime = NOON
    products: VersionedMemory = field(init=False)
    lineage: VersionedMemory = field(init=False)
    registry: Registry = field(init=False)
    past: RegistryHistory = field(init=False)
    products_archive: MemoryArchive = field(init=False)
    lineage_archive: MemoryArchive = field(init=False)

    def __post_init__(self) -> None:
        def clock() -> datetime:
            return self.now

        self.products = VersionedMemory("products.json", clock)
        self.lineage = VersionedMemory("lineage.json", clock)
        self.registry = Registry(
            products=Document(self.products, ProductsFile, NO_WAIT, now=clock),
            lineage=Document(self.lineage, LineageFile, NO_WAIT, now=clock),
            now=clock,
        )
        self.products_archive = MemoryArchive(self.products)
        self.lineage_archive = MemoryArchive(self.lineage)

        def open_past[F: (ProductsFile, LineageFile)](
            stored: VersionedMemory, kind: type[F], archive: MemoryArchive
        ) -> History[F]:
            return History(stored, kind, NO_WAIT, now=clock, open_archive=lambda: archive.reader)

        self.past = RegistryHistory(
            self.registry,
            products=open_past(self.products, ProductsFile, self.products_archive),
            lineage=open_past(self.lineage, LineageFile, self.lineage_archive),
        )

    def tick(self, **by: float) -> datetime:
        """Move on, by a minute unless told otherwise; a moment between then and now."""
        step = timedelta(**(by or {"minutes": 1}))
        self.now += step
        return self.now - step / 2

    def open_feed(self) -> FeedLogs:
        """Return the logs of both documents, as one request opens them."""

        def open_log[F: (ProductsFile, LineageFile)](
            archive: MemoryArchive, kind: type[F]
        ) -> CommitLog[F]:
            return CommitLog(archive.open_source(self.now), kind, archive.reader, lambda: self.now)

        return FeedLogs(
            products=open_log(self.products_archive, ProductsFile),
            lineage=open_log(self.lineage_archive, LineageFile),
        )

    def archive(self) -> None:
        """Run the writers of both archives."""
        for each in (self.products_archive, self.lineage_archive):
            each.extend(self.now)

    def resources(self) -> Resources:
        return resources(self.registry, registry_at=self.past.registry_at, open_feed=self.open_feed)
