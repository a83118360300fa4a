"""The differences between two states of a registry file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord, ProductRecord, count_common_start
from datamesh.storage.registry_file import RegistryFile

if TYPE_CHECKING:  # few functions have grants
    from datamesh.models.access_requests import StoredAccessRequest
    from datamesh.models.grants import StoredGrant
    from datamesh.models.keys import StoredKey

type AuditedRecord = "ProductRecord | LineageRecord | StoredGrant | StoredKey | StoredAccessRequest"


@dataclass(frozen=True)
class Difference:
    """The records by which two states differ: products by name, others by id."""

    added: Mapping[str, AuditedRecord]
    changed: Mapping[str, AuditedRecord]
    """The records that were changed, as they are now."""
    replaced: Mapping[str, AuditedRecord]
    """The records that have changed, as they were."""
    removed: Mapping[str, AuditedRecord]

    @property
    def product_names(self) -> set[str]:
        """The products concerned, or whose lineage is."""
        parts = (self.added, self.changed, self.removed)
        records = [record for part in parts for record in part.values()]
        return {name for record in records for name in _list_product_names(record)}


def find_renamed(difference: Difference, after: RegistryFile) -> dict[str, str]:
    """Return old name -> new name of the removed products that were added under another name."""
    if not isinstance(after, ProductsFile):
        return {}
    return {
        name: new
        for name, record in difference.removed.items()
        if name in after.renamed
        and is_renamed(record, difference.added.get(new := after.renamed[name].to))
    }


def is_renamed(old: AuditedRecord, new: AuditedRecord | None) -> bool:
    """Return whether a product under a new name is that of the old one, not one that took it in."""
    return (
        isinstance(old, ProductRecord)
        and isinstance(new, ProductRecord)
        and old.created_at == new.created_at
    )


def list_records(file: RegistryFile) -> Sequence[AuditedRecord]:
    """Return the records of a file; none of one of another kind than those that are known."""
    if isinstance(file, ProductsFile):
        return [*file.products.values()]
    if isinstance(file, LineageFile):
        return file.lineage
    grants: Mapping[str, StoredGrant] = getattr(file, "grants", {})
    keys: Mapping[str, StoredKey] = getattr(file, "keys", {})
    requests: Mapping[str, StoredAccessRequest] = getattr(file, "requests", {})
    return [*grants.values(), *keys.values(), *requests.values()]


def compare_records(before: Sequence[AuditedRecord], after: Sequence[AuditedRecord]) -> Difference:
    """Return what was added, changed and removed between two lists of records."""
    old, new = _drop_common_start(before, after)
    changed = {key: new[key] for key in new if key in old and old[key] != new[key]}
    return Difference(
        added={key: record for key, record in new.items() if key not in old},
        changed=changed,
        replaced={key: old[key] for key in changed},
        removed={key: record for key, record in old.items() if key not in new},
    )


def _drop_common_start(
    old: Sequence[AuditedRecord], new: Sequence[AuditedRecord]
) -> tuple[dict[str, AuditedRecord], dict[str, AuditedRecord]]:
    """Return both by key, without what they have in common at their beginning."""
    common = count_common_start(old, new)
    return _index_by_key(old[common:]), _index_by_key(new[common:])


def _index_by_key(records: Sequence[AuditedRecord]) -> dict[str, AuditedRecord]:
    return {get_key(record): record for record in records}


def get_key(record: AuditedRecord) -> str:
    """Return what a record is found by: the name of a product, the id of another."""
    return record.name if isinstance(record, ProductRecord) else record.id


def _list_product_names(record: AuditedRecord) -> tuple[str, ...]:
    if isinstance(record, ProductRecord):
        return (record.name,)
    return (record.source, record.target) if isinstance(record, LineageRecord) else ()
