"""The document of a product's contract, as it is now."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
import yaml
from pydantic import JsonValue

from datamesh.models.contracts import ContractReference, MediaType
from datamesh.models.stored_products import StoredProduct
from datamesh.services.contracts.detail_entries import find_object_name
from datamesh.services.contracts.mapping import MappedProduct, list_objects, map_contract
from datamesh.services.contracts.output_ports import FIELDS
from datamesh.services.contracts.overlay import write_fields
from datamesh.services.contracts.part_names import split_part
from datamesh.services.contracts.port_lineage import INPUTS, Upstream, write_inputs
from datamesh.services.contracts.product_fields import find_changed_fields, read_fields
from datamesh.services.contracts.schemas import DATA_CONTRACT
from datamesh.services.contracts.source import read_source

NEWEST_VERSION = "v3.2.0"
WIDTH = 120
TEXT_TAG = "tag:yaml.org,2002:str"
_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line breaks of YAML 1.1 alone, which is read as other text unless they are escaped."""
_LATER_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0o[0-7]+", re.ASCII)
"""Numbers of YAML 1.2, some of which are text in YAML 1.1: `1e3`, `0o17`, `08`."""


@dataclass(frozen=True)
class ContractDocument:
    """A contract that was exported."""

    body: bytes
    media_type: MediaType
    tree: dict[str, Any]
    found: str | None
    """The object of it that the product is."""


def export_contract(product: StoredProduct, source: bytes | None) -> ContractDocument:
    """Return the contract of a product: its source while nothing was changed since.

    `source` is the document that was stored; without one the contract is made of the product.
    """
    reference = product.contract
    if reference is None or source is None:
        tree = build_contract(product)
        return ContractDocument(write_yaml(tree), "application/yaml", tree, product.name)
    parsed = read_source(source)
    found = find_object_name(parsed.tree, reference)
    mapped = map_contract(parsed.tree, found, is_part=is_part(parsed.tree, reference))
    changed = find_changed_fields(product, mapped, product.contract_base)
    changed = _split_part(parsed.tree, changed, mapped, found, product.contract_base)
    if not changed:
        return ContractDocument(source, parsed.media_type, parsed.tree, found)
    tree = write_fields(parsed.tree, changed, found)
    return _write_document(tree, parsed.media_type, changed.get("part_name", found))


def _split_part(
    tree: dict[str, Any],
    changed: Mapping[str, Any],
    mapped: MappedProduct,
    found: str | None,
    base: Mapping[str, JsonValue],
) -> dict[str, Any]:
    if found is None:
        return dict(changed)
    before = str(base.get("name", mapped.fields.get("name", "")))
    return split_part(tree, changed, mapped.pointers, found, before)


def _write_document(
    tree: dict[str, Any], media_type: MediaType, found: str | None
) -> ContractDocument:
    body = write_yaml(tree)
    if media_type == "application/json":
        body = write_json(tree)
    return ContractDocument(body, media_type, tree, found)


def export_data_product(
    product: StoredProduct, source: bytes, upstream: Upstream
) -> ContractDocument:
    """Return the document of a product's output port, with what was changed since it came."""
    assert product.data_product
    parsed = read_source(source)
    reference, base = product.data_product, product.data_product_base
    found = find_object_name(parsed.tree, reference)
    mapped = map_contract(parsed.tree, found, is_part=is_part(parsed.tree, reference))
    changed = {
        name: value
        for name, value in find_changed_fields(product, mapped, base).items()
        if name in FIELDS
    }
    changed = _split_part(parsed.tree, changed, mapped, found, base)
    tree = write_fields(parsed.tree, changed, found)
    found = changed.get("part_name", found)
    before: Any = base.get(INPUTS, {})
    tree = write_inputs(tree, found, before, upstream)
    if tree == parsed.tree:
        return ContractDocument(source, parsed.media_type, parsed.tree, found)
    return _write_document(tree, parsed.media_type, found)


def replace_tree(document: ContractDocument, tree: dict[str, Any]) -> ContractDocument:
    """Return a document with another tree, in its own form."""
    return _write_document(tree, document.media_type, document.found)


def is_part(tree: Mapping[str, Any], reference: ContractReference) -> bool:
    """Tell whether a product is one of several that a contract has been registered as."""
    return reference.object is not None and len(list_objects(tree)) > 1


def build_contract(product: StoredProduct) -> dict[str, Any]:
    """Return the contract of a product that was registered without one."""
    empty = {
        "apiVersion": NEWEST_VERSION,
        "kind": DATA_CONTRACT,
        "id": product.name,
        "name": product.name,
    }
    fields = {name: value for name, value in read_fields(product).items() if value is not None}
    return write_fields(empty, fields, product.name)


def write_yaml(tree: Mapping[str, Any]) -> bytes:
    """Return a tree as YAML, its keys in their order, without anchors."""
    return yaml.dump(
        tree, Dumper=_TreeDumper, sort_keys=False, allow_unicode=True, width=WIDTH, encoding="utf-8"
    )


def write_json(tree: Mapping[str, Any]) -> bytes:
    """Return a tree as JSON whose numbers YAML has, too: tools of the standard read it as that."""
    return msgspec.json.format(msgspec.json.encode(_write_numbers(tree)), indent=2)


def _write_numbers(value: Any) -> Any:
    """Return a value with the texts of numbers: YAML has `1.0e-05` for what JSON calls `1e-05`."""
    if isinstance(value, dict):
        return {key: _write_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_write_numbers(each) for each in value]
    if isinstance(value, float) and "." not in (text := repr(value)):
        return msgspec.Raw(text.replace("e", ".0e").encode())
    if isinstance(value, int) and abs(value) >= 2**63:
        return msgspec.Raw(str(value).encode())
    return value


class _TreeDumper(yaml.SafeDumper):
    """A safe dumper that repeats what occurs twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True."""
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Return a text in the style that YAML 1.1 and 1.2 read alike."""
    quoted = "'" if _LATER_NUMBER.fullmatch(text) else None
    style = '"' if _LINE_BREAKS.search(text) else quoted
    return dumper.represent_scalar(TEXT_TAG, text, style=style)


_TreeDumper.add_representer(str, _write_text)
_TreeDumper.add_multi_representer(StrEnum, lambda dumper, word: dumper.represent_str(str(word)))
