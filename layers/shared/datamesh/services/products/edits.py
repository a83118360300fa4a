"""What a person edits of a product, events no longer set: for good, and field by field."""

from datamesh.models.products import ProductUpdate, StoredProduct

FOLLOWED = frozenset({"description", "owner", "schema", "tags"})
"""The fields that events set, until a person does."""


def mark_edits(product: StoredProduct, changes: ProductUpdate) -> dict[str, object]:
    """Return the attributes that keep events from setting what a person sets now."""
    given = {"schema" if name == "schema_" else name for name in changes.model_fields_set}
    followed = FOLLOWED & given
    if product.observed is None:  # then events set its tags alone
        followed &= {"tags"}
    update: dict[str, object] = {}
    if followed:
        update["edited"] = tuple(sorted({*product.edited, *followed}))
    if "tags" in given:
        update["own_tags"] = ()
    if product.said and "description" in given:
        update["said"] = product.said.model_copy(update={"description": None})
    if product.observed and "schema" in given:
        update["observed"] = product.observed.model_copy(update={"schema_cut": False})
    return update
