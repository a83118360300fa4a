"""The index of products by domain."""

from collections.abc import Mapping, Sequence
from weakref import ref

from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Domains = Mapping[str, Sequence[ProductRecord]]
"""Case-folded domain -> its products, in the order of their registration."""


class DomainIndex:
    """The products by domain of the latest products file that was asked for.

    A file is recognised by its identity: a document returns the same object while nothing has
    changed.
    """

    def __init__(self) -> None:
        self._indexed: ref[ProductsFile] | None = None
        self._domains: dict[str, list[ProductRecord]] = {}

    def get_domains(self, file: ProductsFile) -> Domains:
        """Return the products of a version of the file by domain, first registered domain first."""
        if self._indexed is None or self._indexed() is not file:
            self._domains = {}
            for product in file.products.values():
                self._domains.setdefault(product.domain.casefold(), []).append(product)
            self._indexed = ref(file)
        return self._domains

    def find_products(self, file: ProductsFile, domain: str) -> Sequence[ProductRecord]:
        """Return the products of a domain, ignoring the domain's case and surrounding spaces."""
        return self.get_domains(file).get(domain.strip().casefold(), ())
