"""The columns that a product may be registered with."""

from datamesh.errors.products import AmbiguousColumns, UnknownColumns
from datamesh.models.columns import find_clash
from datamesh.models.products import Product


def check_columns(product: Product) -> None:
    """Raise AmbiguousColumns if two columns of the schema and the folders differ by case alone.

    Raises UnknownColumns if a restricted column is neither: it would be read by everybody.
    """
    partitions = product.output_port.partitions if product.output_port else []
    columns = list(dict.fromkeys([*product.schema_, *partitions]))
    clash = find_clash([*product.schema_, *partitions])
    if clash:
        raise AmbiguousColumns(*clash)
    for name in product.restricted_columns:
        if name not in columns:
            raise UnknownColumns("restricted_columns", name, product.name, columns)
