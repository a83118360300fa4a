"""The facts of a person about columns: stored with a new product, and with a changed one.

A fact has one place, however it was sent: types in `schema`, tags in `column_tags`, restriction in
`restricted_columns`, all else in `own_columns` (docs/adr/0038-columns.md).
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue

from datamesh.models.access import Role
from datamesh.models.columns import fold_case
from datamesh.models.products import ProductRegistration, ProductUpdate
from datamesh.models.stored_products import StoredProduct
from datamesh.models.type_names import Kind, find_kind
from datamesh.models.version_stamps import VersionStamp
from datamesh.services.permissions import Permissions

if TYPE_CHECKING:  # loaded by those who send a column
    from datamesh.models.column_requests import ColumnRequest


def build_product(
    registration: ProductRegistration, now: datetime, since_revision: int, by: str | None
) -> StoredProduct:
    """Return a product that a principal registers now."""
    sent = registration.described_columns
    fields = dict(registration)
    if sent:
        fields["own_columns"] = _describe_columns(sent)
        fields["column_tags"] = {name: tuple(each.tags) for name, each in sent.items() if each.tags}
        fields["restricted_columns"] = _list_restricted(registration.restricted_columns, sent)
    if registration.deprecation:
        fields["deprecation"] = registration.deprecation.build_deprecation(None, now)
    times = {"created_at": now, "updated_at": now}
    versioned = VersionStamp(by=by) if by else None
    return StoredProduct.model_validate(
        {**fields, **times, "since_revision": since_revision, "versioned": versioned}
    )


def change_columns(product: StoredProduct, changes: ProductUpdate) -> dict[str, object]:
    """Return the attributes of a product that a new schema changes beside the types.

    What was said of a column stays while it is there, unless it is sent as an object: that says all
    but its tags and restriction, which stay unless it names them. What is within a column goes if
    its new type has nothing there.
    """
    if "schema_" not in changes.model_fields_set:
        return {}
    sent = changes.described_columns
    own = {
        key: kept
        for key, each in product.own_columns.items()
        if key in changes.schema_ and (kept := _drop_parts(each, changes.schema_[key]))
    }
    update: dict[str, object] = {}
    if sent:
        own = {
            **{key: each for key, each in own.items() if key not in sent},
            **_describe_columns(sent),
        }
        tags = {
            key: tuple(each.tags) for key, each in sent.items() if "tags" in each.model_fields_set
        }
        if tags:
            update["column_tags"] = {**product.column_tags, **tags}
        is_given = "restricted_columns" in changes.model_fields_set
        known = changes.restricted_columns if is_given else product.restricted_columns
        update["restricted_columns"] = _list_restricted(known, sent)
    return {**update, "own_columns": own}


OBJECTS = ("object", "struct", "record", "row")
ARRAYS = ("array", "list")


def _drop_parts(said: Mapping[str, JsonValue], kind: str) -> dict[str, JsonValue]:
    """Return what is said of a column, without what is within it if its type has nothing there."""
    word = re.split(r"[<(]", kind)[0].strip().casefold()
    if word in OBJECTS:
        foreign = {"items"}
    elif word in ARRAYS:
        foreign = {"columns"}
    else:
        foreign = set() if find_kind(kind) is Kind.OTHER else {"columns", "items"}
    return {key: value for key, value in said.items() if key not in foreign}


def check_restriction(
    permissions: Permissions, before: StoredProduct, after: StoredProduct
) -> None:
    """Raise Forbidden unless the caller may change what is restricted, or is checked of it.

    Counts of a pattern that is tried letter by letter tell a value: who may not read a column may
    not say what its values are compared with, nor where they are in files without a header.
    """
    columns = before.restricted_columns
    is_changed = columns != after.restricted_columns
    is_moved = _list_places(before, columns) != _list_places(after, columns)
    if is_changed or is_moved or _is_compared_otherwise(before, after):
        permissions.check_role(Role.STEWARD, before.domain)


def _list_places(product: StoredProduct, columns: Iterable[str]) -> list[int | None]:
    """Return the places of columns in CSV files without a header; none for files that name them."""
    port = product.output_port
    if port is None or port.csv is None or port.csv.header:
        return []
    in_files = (name for name in product.schema_ if name not in port.partitions)
    places = {fold_case(name): place for place, name in enumerate(in_files)}
    return [places.get(fold_case(name)) for name in columns]


COMPARED = ("physical_name", "enum", "options", "columns", "items")
"""The facts about a column that values are compared with, and the name that it has in files."""


def _is_compared_otherwise(before: StoredProduct, after: StoredProduct) -> bool:
    """Tell whether restricted columns are compared with others, or a contract may ask for that."""
    if not before.restricted_columns:
        return False
    restricted = {*map(fold_case, before.restricted_columns)}
    return before.contract != after.contract or (
        _list_compared(before, restricted) != _list_compared(after, restricted)
    )


def _list_compared(product: StoredProduct, restricted: AbstractSet[str]) -> list[object]:
    """Return what restricted columns are compared with, under whatever names they have in files."""
    element = getattr(product.sla, "element", None)
    found: list[object] = [product.sla if element and fold_case(element) in restricted else None]
    for name, facts in product.own_columns.items():
        names = {fold_case(name), fold_case(str(facts.get("physical_name", name)))}
        compared = {key: facts[key] for key in COMPARED if key in facts}
        if compared and not names.isdisjoint(restricted):
            found.append((name, compared))
    return found


def _describe_columns(sent: Mapping[str, "ColumnRequest"]) -> dict[str, dict[str, JsonValue]]:
    described = {name: column.describe() for name, column in sent.items()}
    return {name: facts for name, facts in described.items() if facts}


def _list_restricted(known: list[str], sent: Mapping[str, "ColumnRequest"]) -> list[str]:
    restricted = [name for name in known if name not in sent or not sent[name].is_opened]
    new = [name for name, column in sent.items() if column.restricted and name not in restricted]
    return [*restricted, *new]
