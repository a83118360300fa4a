"""The registry as it was at an earlier moment."""

from dataclasses import dataclass, replace
from datetime import datetime

from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History


@dataclass(frozen=True)
class RegistryHistory:
    """The earlier versions of the two files of `registry`."""

    registry: Registry
    products: History[ProductsFile]
    lineage: History[LineageFile]

    def registry_at(self, moment: datetime) -> Registry:
        """Return the registry of a moment, read only.

        Nothing is read yet, since not every function may read both files. A read of the result
        raises VersionExpired if the version of that moment is no longer kept.
        """
        return replace(
            self.registry,
            products=self.products.open_document(moment),
            lineage=self.lineage.open_document(moment),
        )
