"""The content of a product that makes a version of it."""

from hashlib import sha256

from datamesh.models.json_codec import encode_value
from datamesh.models.product_versions import VersionContent
from datamesh.models.stored_products import StoredProduct


def build_content(product: StoredProduct) -> VersionContent:
    """Return the content of a product."""
    return VersionContent.model_validate(
        {
            "version": product.version,
            "schema": product.schema_,
            "columns": product.columns,
            "contract": product.contract,
        }
    )


def hash_content(content: VersionContent) -> str:
    """Return the SHA-256 digest of a content, in hexadecimal."""
    fields = content.model_dump(mode="json", by_alias=True, include={*VersionContent.model_fields})
    return sha256(encode_value(fields)).hexdigest()
