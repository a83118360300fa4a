"""How large a product may be."""

from datamesh.errors.products import ProductTooLarge
from datamesh.models.stored_products import StoredProduct
from datamesh.storage.records import ProductRecord


def build_bounded_record(product: StoredProduct, limit: int) -> ProductRecord:
    """Return the record of a product. Raises ProductTooLarge if it has more than `limit` bytes."""
    record = ProductRecord.from_model(product)
    if record.size > limit:
        raise ProductTooLarge(product.name, record.size, limit)
    return record
