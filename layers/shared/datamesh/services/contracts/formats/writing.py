"""A product in one of the formats, as bytes with their media type."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datamesh.models.contracts import ContractFormat
from datamesh.models.stored_products import StoredProduct


@dataclass(frozen=True)
class WrittenFormat:
    """A product that was written in a format."""

    body: bytes
    media_type: str


def write_format(
    product: StoredProduct, kind: ContractFormat, upstream: Sequence[str] = ()
) -> WrittenFormat:
    """Return a product in a format that is not that of its contract.

    `upstream` are the names of the products that it is made of, which ODPS alone tells.
    """
    # One of them each, and none for those who ask for the contract itself.
    if kind is ContractFormat.JSON_SCHEMA:
        from datamesh.services.contracts.formats.json_schema import build_json_schema

        return WrittenFormat(_write_json(build_json_schema(product)), "application/schema+json")
    if kind is ContractFormat.AVRO:
        from datamesh.services.contracts.formats.avro import build_avro_schema

        return WrittenFormat(_write_json(build_avro_schema(product)), "application/json")
    if kind is ContractFormat.SQL:
        from datamesh.services.contracts.formats.sql import write_sql

        return WrittenFormat(_encode(write_sql(product)), "application/sql")
    if kind is ContractFormat.MARKDOWN:
        from datamesh.services.contracts.formats.markdown import write_markdown

        return WrittenFormat(_encode(write_markdown(product)), "text/markdown")
    return WrittenFormat(_write_yaml(product, kind, upstream), "application/yaml")


def _write_yaml(product: StoredProduct, kind: ContractFormat, upstream: Sequence[str]) -> bytes:
    from datamesh.services.contracts.documents import write_yaml

    if kind is ContractFormat.DBT:
        from datamesh.services.contracts.formats.dbt import build_dbt_schema

        return write_yaml(build_dbt_schema(product))
    from datamesh.services.contracts.formats.data_product import build_data_product

    return write_yaml(build_data_product(product, [*upstream]))


def _write_json(tree: dict[str, Any]) -> bytes:
    return _encode(json.dumps(tree, ensure_ascii=False, indent=2) + "\n")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")
