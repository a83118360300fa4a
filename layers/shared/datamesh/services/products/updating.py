"""Apply a change to a product: a pure function from one products file to the next."""

from collections.abc import Callable
from datetime import datetime

from datamesh.errors.products import ProductChanged
from datamesh.models.products import MAX_PRODUCT_BYTES, Product, ProductUpdate
from datamesh.models.stored_products import StoredProduct
from datamesh.models.values import TICK
from datamesh.services.datasets.locations import check_port, find_location
from datamesh.services.datasets.shared_places import check_concealed, select_private
from datamesh.services.permissions import Permissions
from datamesh.services.products.changes import (
    check_claims,
    check_departure,
    check_namespaces,
    check_update,
    is_concealing,
)
from datamesh.services.products.column_edits import change_columns, check_restriction
from datamesh.services.products.columns import check_columns
from datamesh.services.products.deprecation import check_replacement
from datamesh.services.products.edits import is_same_schema, mark_edits
from datamesh.services.products.sizes import build_bounded_record
from datamesh.services.products.version_numbers import choose_version
from datamesh.services.registry.concealed import (
    add_concealed,
    check_concealed_names,
    remove_concealed,
)
from datamesh.services.registry.dataset_claims import claim_datasets, find_holders
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import rename_product, require_seen_record
from datamesh.services.registry.replacements import drop_hidden_replacements
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Precondition = Callable[[Product], bool]
"""Returns whether the product is still what the caller believes it to be."""


def check_precondition(product: ProductRecord, precondition: Precondition | None) -> None:
    """Raise ProductChanged if the product is not what the caller believes it to be."""
    if precondition and not precondition(product.to_model()):
        raise ProductChanged(product.name)


def apply_update(
    permissions: Permissions,
    registry: Registry,
    file: ProductsFile,
    name: str,
    changes: ProductUpdate,
    precondition: Precondition | None,
    now: datetime,
) -> ProductsFile:
    """Return the file with a product changed; the very file if that changes nothing.

    Raises what `update_product` raises without a commit.
    """
    before = require_seen_record(file, name, permissions)
    check_update(permissions, before, changes)
    check_precondition(before, precondition)
    product = before.to_model()
    _check_new_port(registry, product, changes)
    changed = choose_version(product, _change_fields(product, changes, now))
    if {"deprecation", "visibility"} & changes.model_fields_set:
        check_replacement(permissions, file.products, changed)
    check_restriction(permissions, product, changed)
    named = changed.model_copy(update={"name": changes.name or name})
    if find_location(named) != find_location(product):
        check_departure(permissions, product)
        others = (other for other in file.products.values() if other.name != name)
        check_concealed(permissions, select_private(others), named)
    if {"schema_", "output_port", "restricted_columns"} & changes.model_fields_set:
        check_columns(changed)
    if ProductRecord.from_model(changed).public_json != before.public_json:
        # Never the same time twice, even if the clock goes back.
        updated_at = max(now, product.updated_at + TICK)
        changed = changed.model_copy(update={"updated_at": updated_at})
    # One that is too large already, of earlier versions or by events, may still be mended.
    build_bounded_record(changed, max(MAX_PRODUCT_BYTES, before.size))
    after = (
        file
        if changed == product and is_same_schema(product.schema_, changed.schema_)
        else file.with_product(changed)
    )
    if changes.openlineage:
        added = [each for each in changes.openlineage if each not in product.openlineage]
        check_concealed_names(permissions, file, added)
        check_namespaces(permissions, registry.namespace_domains, added)
        others = (other for other in file.products.values() if other.name != name)
        holders = find_holders(DatasetNameIndex(others), changes.openlineage)
        check_claims(permissions, file.products, holders)
        after = claim_datasets(after, name, holders, now)
    if {"openlineage", "visibility"} & changes.model_fields_set:
        kept = after.products[name].openlineage
        after = add_concealed(remove_concealed(after, kept), before, kept, now)
    if {"domain", "visibility"} & changes.model_fields_set:
        after = drop_hidden_replacements(after, name, now)
    return rename_product(after, name, changes.name or name, now)


def _check_new_port(registry: Registry, product: StoredProduct, changes: ProductUpdate) -> None:
    """Raise LocationNotAllowed if the product's domain may have no data where its port says.

    A port stays where it is, and the domain that it comes to may have no data there.
    """
    domain = changes.domain or product.domain
    is_moved = domain.casefold() != product.domain.casefold()
    if is_moved or changes.output_port:
        is_given = "output_port" in changes.model_fields_set
        port = changes.output_port if is_given else product.output_port
        check_port(registry.data_locations, domain, port)


def _change_fields(product: StoredProduct, changes: ProductUpdate, now: datetime) -> StoredProduct:
    """Return the product with what is given; its name and time are left to others."""
    update = {**changes.to_attributes(), "name": product.name}
    if changes.deprecation:
        update["deprecation"] = changes.deprecation.build_deprecation(product.deprecation, now)
    update |= change_columns(product, changes)
    changed = product.model_copy(update={**update, **mark_edits(product, changes)})
    if changed.observed and is_concealing(changed):
        # Events that rename it would take it away from its folder, which has its name.
        edited = tuple(sorted({*changed.edited, "name"}))
        changed = changed.model_copy(update={"edited": edited})
    return changed
