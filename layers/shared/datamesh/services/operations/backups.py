"""Daily copies of the registry's files: `backups/<date>/products.json` and `lineage.json`.

They help where the bucket's versions do not: an object that was deleted with all its versions, or a
mistake made at an unknown time.
"""

from dataclasses import dataclass
from datetime import date

from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import ConditionalObject, OpenObject, StoredObject
from datamesh.storage.registry_file import RegistryFile

PRODUCTS, LINEAGE = "products.json", "lineage.json"


class NotRestorable(Exception):
    """A restore was refused before it changed anything; the text tells the operator why."""


@dataclass(frozen=True)
class Backups:
    """The folder of daily copies."""

    open_object: OpenObject
    backoff: Backoff

    def copy_registry(self, context: RequestContext, registry: Registry, day: date) -> None:
        """Copy the current files, unless there is a copy of that day.

        Lineage is copied first, so that a product that is registered in between has no lineage in
        the copy. Raises StorageUnavailable and OutcomeUnknown; a repetition is safe.
        """
        for name, document in ((LINEAGE, registry.lineage), (PRODUCTS, registry.products)):
            copy = self._open_copy(day, name)
            # Of the day's 24 runs only the first has something to compress and to store.
            if self.backoff.read_until_reached(copy.name, copy.get, context.deadline) is None:
                file: RegistryFile = document.read_latest(context.deadline)
                create_if_absent(copy, file.encode(), self.backoff, context.deadline)

    def restore_registry(self, context: RequestContext, registry: Registry, day: date) -> None:
        """Commit the content of a day's copies; both are read and checked before.

        Raises NotRestorable, StorageUnavailable if a copy is damaged, and what a commit raises.
        """
        products = ProductsFile.decode(PRODUCTS, self._read_copy(context, day, PRODUCTS))
        lineage = LineageFile.decode(LINEAGE, self._read_copy(context, day, LINEAGE))
        for file in (products, lineage):
            file.check_records()
        context.commit_audited(
            registry.products, lambda now: (build_successor(products, now), None)
        )
        context.commit_audited(registry.lineage, lambda now: (build_successor(lineage, now), None))

    def _open_copy(self, day: date, name: str) -> ConditionalObject:
        return self.open_object(f"backups/{day.isoformat()}/{name}")

    def _read_copy(self, context: RequestContext, day: date, name: str) -> bytes:
        copy = self._open_copy(day, name)
        found = self.backoff.read_until_reached(copy.name, copy.get, context.deadline)
        if not isinstance(found, StoredObject):
            raise NotRestorable(f"There is no {copy.name}")
        return found.body


def build_successor[F: RegistryFile](earlier: F, now: F) -> F:
    """Return the content of an earlier file, ready to be committed over the current one.

    The revision goes on from the greater of both. If there is no current file, `now` is empty and
    the revision goes on from the earlier one.
    """
    revision = max(earlier.revision, now.revision)
    return earlier.model_copy(
        update={"revision": revision, "recent": now.recent, "committed_at": now.committed_at}
    )
