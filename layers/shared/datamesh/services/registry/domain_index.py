"""Products by domain, indexed once for each version of their file."""

from collections.abc import Mapping, Sequence
from weakref import ref

from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Domains = Mapping[str, Sequence[ProductRecord]]
"""Case-folded domain -> its products, in the order of their registration."""


class DomainIndex:
    """That of the file that was asked for last, known by the file's identity: a document gives out
    the same object while nothing has changed."""

    def __init__(self) -> None:
        self._indexed: ref[ProductsFile] | None = None
        self._domains: dict[str, list[ProductRecord]] = {}

    def of(self, file: ProductsFile) -> Domains:
        if self._indexed is None or self._indexed() is not file:
            self._domains = {}
            for product in file.products.values():
                self._domains.setdefault(product.domain.casefold(), []).append(product)
            self._indexed = ref(file)
        return self._domains

    def products_of(self, file: ProductsFile, domain: str) -> Sequence[ProductRecord]:
        """Those of a domain, however it is spelled."""
        return self.of(file).get(domain.strip().casefold(), ())
