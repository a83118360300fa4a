"""The columns that a product may be registered with."""

from datamesh.errors import AmbiguousColumns
from datamesh.models.columns import find_clash
from datamesh.models.products import Product


def check_columns(product: Product) -> None:
    """Raise AmbiguousColumns if two columns of the schema and the folders differ by case alone."""
    partitions = product.output_port.partitions if product.output_port else []
    clash = find_clash([*product.schema_, *partitions])
    if clash:
        raise AmbiguousColumns(*clash)
