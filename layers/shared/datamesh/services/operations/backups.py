"""Copies of the registry's files: `backups/<name>/products.json` and `lineage.json`.

They help where the bucket's versions do not: an object that was deleted with all its versions, or a
mistake made at an unknown time. The schedule makes one a day, which has the date as its name, and
an operator others, which have the moment: `2026-11-26T040300Z`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import ConditionalObject, OpenObject, StoredObject
from datamesh.storage.registry_file import RegistryFile

FOLDER = "backups/"
PRODUCTS, LINEAGE = "products.json", "lineage.json"


class NotRestorable(Exception):
    """A restore was refused before it changed anything; the text tells the operator why."""


class NoRegistry(Exception):
    """There is nothing to copy: neither file is there."""


@dataclass(frozen=True)
class RegistryContent:
    """Both files of a registry, as a backup holds them or as they are now."""

    products: ProductsFile
    lineage: LineageFile

    @property
    def is_absent(self) -> bool:
        """Tell whether neither file was there."""
        return all(
            file.revision == 0 and not file.adopted for file in (self.products, self.lineage)
        )


@dataclass(frozen=True)
class Backup:
    """A backup that was made, and what it holds."""

    name: str
    content: RegistryContent


@dataclass(frozen=True)
class Backups:
    """The folder of the copies."""

    open_object: OpenObject
    backoff: Backoff

    def copy_registry(self, context: RequestContext, registry: Registry, day: date) -> None:
        """Copy the current files, unless there is a copy of that day.

        Lineage is copied first, so that a product that is registered in between has no lineage in
        the copy. Raises StorageUnavailable and OutcomeUnknown; a repetition is safe.
        """
        for name, document in ((LINEAGE, registry.lineage), (PRODUCTS, registry.products)):
            copy = self._open_copy(day.isoformat(), name)
            # Of the day's 24 runs only the first has something to compress and to store.
            if self._find_copy(context, copy) is None:
                file: RegistryFile = document.read_latest(context.deadline)
                create_if_absent(copy, file.encode(), self.backoff, context.deadline)

    def make_backup(self, context: RequestContext, registry: Registry, at: datetime) -> Backup:
        """Copy the current files under the first free second from `at` on.

        What was stored is read back and compared. Raises NoRegistry if neither file is there,
        NotRestorable if another backup was stored under the name meanwhile, StorageUnavailable and
        OutcomeUnknown.
        """
        content = read_registry(context, registry)
        if content.is_absent:
            raise NoRegistry("there is neither products.json nor lineage.json")
        while self._has_copy(context, build_backup_name(at)):
            at += timedelta(seconds=1)
        name = build_backup_name(at)
        for key, body in (
            (LINEAGE, content.lineage.encode()),
            (PRODUCTS, content.products.encode()),
        ):
            copy = self._open_copy(name, key)
            create_if_absent(copy, body, self.backoff, context.deadline)
            if self._find_copy(context, copy) != body:
                raise NotRestorable(f"Another backup was made as {copy.name} at the same time")
        return Backup(name, content)

    def read_backup(self, context: RequestContext, name: str) -> RegistryContent:
        """Return what a backup holds, once every record of it is checked.

        Raises NotRestorable if there is none of that name, StorageUnavailable if it is damaged.
        """
        products = ProductsFile.decode(PRODUCTS, self._read_copy(context, name, PRODUCTS))
        lineage = LineageFile.decode(LINEAGE, self._read_copy(context, name, LINEAGE))
        for file in (products, lineage):
            file.check_records()
        return RegistryContent(products, lineage)

    def _open_copy(self, backup: str, name: str) -> ConditionalObject:
        return self.open_object(f"{FOLDER}{backup}/{name}")

    def _has_copy(self, context: RequestContext, backup: str) -> bool:
        copies = [self._open_copy(backup, name) for name in (LINEAGE, PRODUCTS)]
        return any(self._find_copy(context, copy) is not None for copy in copies)

    def _find_copy(self, context: RequestContext, copy: ConditionalObject) -> bytes | None:
        found = self.backoff.read_until_reached(copy.name, copy.get, context.deadline)
        return found.body if isinstance(found, StoredObject) else None

    def _read_copy(self, context: RequestContext, backup: str, name: str) -> bytes:
        copy = self._open_copy(backup, name)
        body = self._find_copy(context, copy)
        if body is None:
            raise NotRestorable(f"There is no {copy.name}")
        return body


def build_backup_name(at: datetime) -> str:
    """Return the name of a backup that is made at a moment: `2026-11-26T040300Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"


def read_registry(context: RequestContext, registry: Registry) -> RegistryContent:
    """Return the newest files, lineage read first: no entry is newer than its products."""
    lineage = registry.lineage.read_latest(context.deadline)
    return RegistryContent(registry.products.read_latest(context.deadline), lineage)


def commit_content(
    context: RequestContext,
    registry: Registry,
    content: RegistryContent,
    replaced: RegistryContent | None = None,
) -> None:
    """Commit what a backup holds as new revisions of both files.

    With `replaced`, only over those very products. Raises NotRestorable if they have changed, and
    what a commit raises.
    """

    def change(now: ProductsFile) -> tuple[ProductsFile, None]:
        if replaced and now.revision != replaced.products.revision:
            raise NotRestorable(
                f"{PRODUCTS} was written meanwhile: it is at revision {now.revision}, not"
                f" {replaced.products.revision} as in the backup of before"
            )
        return build_successor(content.products, now), None

    context.commit_audited(registry.products, change)
    context.commit_audited(
        registry.lineage, lambda now: (build_successor(content.lineage, now), None)
    )


def build_successor[F: RegistryFile](earlier: F, now: F) -> F:
    """Return the content of an earlier file, ready to be committed over the current one.

    The revision goes on from the greater of both. If there is no current file, `now` is empty and
    the revision goes on from the earlier one.
    """
    revision = max(earlier.revision, now.revision)
    return earlier.model_copy(
        update={"revision": revision, "recent": now.recent, "committed_at": now.committed_at}
    )
