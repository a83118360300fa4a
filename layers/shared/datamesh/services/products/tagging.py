"""Give products and their columns a tag, or take one away: from then on, events do not.

What a person sets, they set for good (docs/adr/0029-what-people-wrote.md): the tags of the product,
or those of the one column. Pure functions of a product.
"""

from collections.abc import Sequence

from datamesh.errors.events import TooManyTags
from datamesh.errors.lineage import NodeNotFound
from datamesh.models.products import MAX_TAGS, ProductUpdate
from datamesh.models.stored_products import StoredProduct
from datamesh.services.products.edits import mark_edits


def tag_product(product: StoredProduct, tag: str, *, adds: bool) -> StoredProduct:
    """Return the product with a tag, or without it; the very product if nothing changes.

    Raises TooManyTags.
    """
    if (tag in product.tags) == adds:
        return product
    tags = _change_tags(product.tags, tag, adds=adds, what=("dataset", product.name))
    edits = mark_edits(product, ProductUpdate(tags=tags))
    return product.model_copy(update={"tags": tags, **edits})


def tag_column(product: StoredProduct, column: str, tag: str, *, adds: bool) -> StoredProduct:
    """Return the product with a tag of a column, or without it; the very one if nothing changes.

    Raises NodeNotFound if there is no such column, and TooManyTags.
    """
    if column not in product.schema_:
        raise NodeNotFound(f"field '{column}' in the dataset", product.name)
    known = next((each.tags for each in product.columns if each.name == column), [])
    if (tag in known) == adds:
        return product
    tags = _change_tags(known, tag, adds=adds, what=("field", column))
    return product.model_copy(update={"column_tags": {**product.column_tags, column: (*tags,)}})


def _change_tags(known: Sequence[str], tag: str, *, adds: bool, what: tuple[str, str]) -> list[str]:
    if not adds:
        return [each for each in known if each != tag]
    if len(known) >= MAX_TAGS:
        raise TooManyTags(*what, MAX_TAGS)
    return [*known, tag]
