"""Parts of a document that are products which its reader may not see are left out of it."""

from collections.abc import Collection, Iterable
from typing import Any

from datamesh.models.contracts import ContractFormat
from datamesh.services.contracts.documents import ContractDocument, replace_tree
from datamesh.services.contracts.mapping import list_objects
from datamesh.services.contracts.part_names import REFERENCES
from datamesh.storage.records import ProductRecord, RecordedContract


def find_hidden_parts(
    record: ProductRecord, kind: ContractFormat, hidden: Iterable[ProductRecord]
) -> set[str]:
    """Return the parts of a product's document that are hidden products of the same domain.

    One of another domain may have a document of the same id, of which nobody may learn.
    """
    own = _get_reference(record, kind)
    if own is None or own.object is None:
        return set()
    parts = {
        found.object
        for each in hidden
        if each.domain.casefold() == record.domain.casefold()
        and (found := _get_reference(each, kind))
        and found.id == own.id
        and found.object
    }
    return parts - {own.object}


def leave_out_parts(document: ContractDocument, parts: Collection[str]) -> ContractDocument:
    """Return a document without some of its parts, nor what refers to their properties."""
    hidden = {*parts} & {*list_objects(document.tree)} - {document.found}
    if not hidden:
        return document
    shown = {
        key: [each for each in value if each.get("name") not in hidden]
        if key in ("schema", "outputPorts")
        else value
        for key, value in document.tree.items()
    }
    return replace_tree(document, _drop_references(shown, tuple(f"{each}." for each in hidden)))


def _get_reference(record: ProductRecord, kind: ContractFormat) -> RecordedContract | None:
    return record.data_product if kind is ContractFormat.ODPS else record.contract


def _drop_references(value: Any, beginnings: tuple[str, ...]) -> Any:
    """Return a value of a tree without the mappings that refer to hidden properties."""
    if isinstance(value, dict):
        return {key: _drop_references(each, beginnings) for key, each in value.items()}
    if isinstance(value, list):
        kept = (each for each in value if not _is_referring(each, beginnings))
        return [_drop_references(each, beginnings) for each in kept]
    return value


def _is_referring(value: Any, beginnings: tuple[str, ...]) -> bool:
    """Return whether a mapping names a hidden property: `lines.sent_at, parcels.at`."""
    if not isinstance(value, dict):
        return False
    texts = [text for key in REFERENCES & value.keys() for text in _list_texts(value[key])]
    return any(name.strip().startswith(beginnings) for text in texts for name in text.split(","))


def _list_texts(value: Any) -> list[str]:
    return [
        each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)
    ]
