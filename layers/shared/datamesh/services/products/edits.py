"""The edits of a person, whose fields events no longer set: for good, and field by field."""

from datamesh.models.products import ProductUpdate
from datamesh.models.stored_products import StoredProduct


def mark_edits(product: StoredProduct, changes: ProductUpdate) -> dict[str, object]:
    """Return the attributes that keep events from setting what a person sets now."""
    given = {"schema" if name == "schema_" else name for name in changes.model_fields_set}
    if changes.described_columns and is_same_schema(product.schema_, changes.schema_):
        given -= {"schema"}  # it describes columns, whose types go on to follow events
    # Of a product that a person registered, events set the tags alone.
    edited = given if product.observed else given & {"tags"}
    update: dict[str, object] = {}
    if edited:
        update["edited"] = tuple(sorted({*product.edited, *edited}))
    if "tags" in given:
        update["own_tags"] = ()
    if product.said and "description" in given:
        update["said"] = product.said.model_copy(update={"description": None})
    if product.hidden and not product.openlineage:
        update |= {"hidden": False, "dropped_at": None}  # no event could bring it back
    if product.observed and "schema" in given:
        update["observed"] = product.observed.model_copy(update={"schema_cut": False})
    return update


def is_same_schema(before: dict[str, str], after: dict[str, str]) -> bool:
    """Tell whether two schemas have the same types in the same order."""
    return before == after and [*before] == [*after]
