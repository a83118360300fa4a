"""Copies of the registry's files, a pair a day, for what versions do not help with: an object that
was deleted with its versions, or a mistake of which nobody knows the hour.

`backups/<date>/products.json` and `backups/<date>/lineage.json`.
"""

from dataclasses import dataclass
from datetime import date

from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff
from datamesh.storage.create_once import create
from datamesh.storage.files import LineageFile, ProductsFile, RegistryFile
from datamesh.storage.objects import ConditionalObject, OpenObject, StoredObject

PRODUCTS, LINEAGE = "products.json", "lineage.json"


class NotRestorable(Exception):
    """Nothing was changed; the text says why, for an operator: the API restores nothing."""


@dataclass(frozen=True)
class Backups:
    open_object: OpenObject
    backoff: Backoff

    def make(self, registry: Registry, day: date) -> None:
        """Copy what is current, unless there is a copy of that day.

        Lineage first: products that come to be in between have none in the copy. Raises
        StorageUnavailable and OutcomeUnknown; making it again is safe.
        """
        for name, document in ((LINEAGE, registry.lineage), (PRODUCTS, registry.products)):
            file: RegistryFile = document.read_latest()
            create(self._copy(day, name), file.encode(), self.backoff)

    def restore(self, registry: Registry, day: date) -> None:
        """Commit anew what a day's copies hold; both are read and checked before.

        Raises NotRestorable, StorageUnavailable if a copy is damaged, and what a commit raises.
        """
        products = ProductsFile.decode(PRODUCTS, self._body(day, PRODUCTS))
        lineage = LineageFile.decode(LINEAGE, self._body(day, LINEAGE))
        for file in (products, lineage):
            file.check()
        registry.products.commit(lambda now: (again(products, now), None))
        registry.lineage.commit(lambda now: (again(lineage, now), None))

    def _copy(self, day: date, name: str) -> ConditionalObject:
        return self.open_object(f"backups/{day.isoformat()}/{name}")

    def _body(self, day: date, name: str) -> bytes:
        copy = self._copy(day, name)
        found = self.backoff.until_reached(copy.name, copy.get)
        if not isinstance(found, StoredObject):
            raise NotRestorable(f"There is no {copy.name}")
        return found.body


def again[F: RegistryFile](earlier: F, now: F) -> F:
    """What an earlier file held, to be committed upon the present one, or upon none: then the
    revision goes on from the earlier one."""
    revision = max(earlier.revision, now.revision)
    return earlier.model_copy(
        update={"revision": revision, "recent": now.recent, "committed_at": now.committed_at}
    )
