"""The texts of all products, for searches."""

from collections.abc import Set as AbstractSet
from weakref import ref

from datamesh.services.registry.text_index import TextIndex
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

TEXT_SEPARATOR = "\0"
"""Stands between the texts of a product, so that nothing is found that begins in one and ends in
another. A text with this character is in no product."""


class ProductTexts:
    """The texts of the latest products file that was searched, which it does not outlive.

    They take about as many bytes as they take in the file.
    """

    def __init__(self) -> None:
        self._indexed: ref[ProductsFile] | None = None
        self._texts = TextIndex(())

    def find_names(self, file: ProductsFile, wanted: str) -> AbstractSet[str]:
        """Return the names of the products with `wanted` in one of their texts, in any case.

        Raises StorageUnavailable if the file holds what cannot be read.
        """
        if TEXT_SEPARATOR in wanted:
            return frozenset()
        if self._indexed is None or self._indexed() is not file:
            self._drop_texts(self._indexed)
            self._texts = TextIndex(map(_join_texts, file.products.values()))
            self._indexed = ref(file, self._drop_texts)
        names = [*file.products]
        return {names[position] for position in self._texts.find_positions(wanted)}

    def _drop_texts(self, file: ref[ProductsFile] | None) -> None:
        """Drop the texts of a file that is gone, before those of the next take memory."""
        if file is self._indexed:
            self._indexed, self._texts = None, TextIndex(())


def _join_texts(product: ProductRecord) -> str:
    return TEXT_SEPARATOR.join(product.read_texts())
