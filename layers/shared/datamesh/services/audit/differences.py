"""What differs between two states of a registry file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import is_not

from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord, ProductRecord
from datamesh.storage.registry_file import RegistryFile

type _Record = ProductRecord | LineageRecord


@dataclass(frozen=True)
class Difference:
    """The records by which two states differ: products by name, lineage entries by id."""

    added: Mapping[str, _Record]
    changed: Mapping[str, _Record]
    """As they are now."""
    removed: Mapping[str, _Record]

    @property
    def product_names(self) -> set[str]:
        """The products concerned, or whose lineage is."""
        parts = (self.added, self.changed, self.removed)
        records = [record for part in parts for record in part.values()]
        return {name for record in records for name in _list_product_names(record)}


def count_renamed(difference: Difference, after: RegistryFile) -> int:
    """Return how many of the added products were removed under another name: they are the same."""
    if not isinstance(after, ProductsFile):
        return 0
    return sum(
        is_renamed(record, difference.added.get(after.renamed[name].to))
        for name, record in difference.removed.items()
        if name in after.renamed
    )


def is_renamed(old: _Record, new: _Record | None) -> bool:
    """Return whether a product under a new name is that of the old one, not one that took it in."""
    return (
        isinstance(old, ProductRecord)
        and isinstance(new, ProductRecord)
        and old.created_at == new.created_at
    )


def list_records(file: RegistryFile) -> Sequence[_Record]:
    """Return the products or the lineage entries of a file; none of one of another kind."""
    if isinstance(file, ProductsFile):
        return [*file.products.values()]
    return file.lineage if isinstance(file, LineageFile) else ()


def compare_records(before: Sequence[_Record], after: Sequence[_Record]) -> Difference:
    """Return what was added, changed and removed between two lists of records."""
    old, new = _drop_common_start(before, after)
    return Difference(
        added={key: record for key, record in new.items() if key not in old},
        changed={key: new[key] for key in new if key in old and old[key] != new[key]},
        removed={key: record for key, record in old.items() if key not in new},
    )


def _drop_common_start(
    old: Sequence[_Record], new: Sequence[_Record]
) -> tuple[dict[str, _Record], dict[str, _Record]]:
    """Return both by key, without what they have in common at their beginning.

    That is nearly all of a large registry: most commits append.
    """
    differences = enumerate(map(is_not, old, new))
    common = next((index for index, differs in differences if differs), min(len(old), len(new)))
    return _index_by_key(old[common:]), _index_by_key(new[common:])


def _index_by_key(records: Sequence[_Record]) -> dict[str, _Record]:
    return {_get_key(record): record for record in records}


def _get_key(record: _Record) -> str:
    return record.name if isinstance(record, ProductRecord) else record.id


def _list_product_names(record: _Record) -> tuple[str, ...]:
    if isinstance(record, ProductRecord):
        return (record.name,)
    return (record.source, record.target)
