"""The versions that a commit replaces: found for any commit, whatever it is for.

Few commits change what a product promises: what they need is loaded by them alone.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from datamesh.services.audit.differences import compare_records, is_renamed, list_records
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord
from datamesh.storage.registry_file import RegistryFile

if TYPE_CHECKING:
    from datamesh.services.product_versions.keeping import ProductVersions, VersionKeeper

type ProductPair = tuple[ProductRecord, ProductRecord]
"""A product as it was before a commit, and as it is after it."""


class VersionedCommit:
    """The versions of products that one commit replaces."""

    def __init__(
        self, open_versions: "Callable[[], ProductVersions] | None", principal: str | None
    ) -> None:
        """Keep where versions are kept, None to keep none, and who commits."""
        self._open_versions = open_versions
        self._principal = principal
        self._keeper: VersionKeeper | None = None

    def stamp_products[F: RegistryFile](self, before: F, after: F) -> F:
        """Return the file with the right stamp on each product whose content has changed."""
        self._keeper = None
        if self._open_versions is None or after is before:
            return after
        if not (isinstance(before, ProductsFile) and isinstance(after, ProductsFile)):
            return after
        pairs = [pair for pair in _list_pairs(before, after) if not _is_same_version(*pair)]
        if not pairs:
            return after
        from datamesh.services.product_versions.keeping import VersionKeeper

        self._keeper = VersionKeeper(self._open_versions(), self._principal)
        stamped = {new.name: self._keeper.stamp_product(old, new) for old, new in pairs}
        return after.model_copy(update={"products": {**after.products, **stamped}})

    def store_replaced(self, deadline: Deadline) -> None:
        """Keep the versions that the latest file replaces. Raises StorageUnavailable."""
        if self._keeper:
            self._keeper.store_replaced(deadline)


class _VersionFields(msgspec.Struct, frozen=True, gc=False):
    """The stored fields that a version is made of, as they stand in the file."""

    version: msgspec.Raw = msgspec.Raw()
    schema: msgspec.Raw = msgspec.Raw()
    own_columns: msgspec.Raw = msgspec.Raw()
    column_tags: msgspec.Raw = msgspec.Raw()
    restricted_columns: msgspec.Raw = msgspec.Raw()
    contract: msgspec.Raw = msgspec.Raw()
    said: msgspec.Raw = msgspec.Raw()
    versioned: msgspec.Raw = msgspec.Raw()


_FIELDS = msgspec.json.Decoder(_VersionFields)


def _is_same_version(before: ProductRecord, after: ProductRecord) -> bool:
    """Return True if nothing has changed that a version is made of, nor the stamp."""
    return _FIELDS.decode(before.json) == _FIELDS.decode(after.json)


def _list_pairs(before: ProductsFile, after: ProductsFile) -> Iterator[ProductPair]:
    """Yield each product that differs between two files; not those that came or went."""
    difference = compare_records(list_records(before), list_records(after))
    for name in difference.changed:
        yield before.products[name], after.products[name]
    for name in difference.removed:
        redirect = after.renamed.get(name)
        new = after.products.get(redirect.to) if redirect else None
        if new and new.name in difference.added and is_renamed(before.products[name], new):
            yield before.products[name], new
