"""The registry as it was, and what has changed since."""

from dataclasses import dataclass, replace
from datetime import datetime

from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History


@dataclass(frozen=True)
class Past:
    """What the two files of `registry` held at earlier moments."""

    registry: Registry
    products: History[ProductsFile]
    lineage: History[LineageFile]

    def at(self, moment: datetime) -> Registry:
        """For reading alone, which may raise VersionExpired. Nothing is looked up before that: not
        every function may read both files."""
        return replace(
            self.registry,
            products=self.products.open_document(moment),
            lineage=self.lineage.open_document(moment),
        )
