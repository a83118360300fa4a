"""Columns as readers see them: what people and events have said of each (docs/adr/0038-columns.md).

Constraints are checked when they are sent (`models.column_requests`), not here.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from operator import not_

from pydantic import BaseModel, Field, JsonValue

from datamesh.models.values import EMPTY_LIST

NOT_SAID = Field(default=None, exclude_if=lambda value: value is None)
NOT_SO = Field(default=False, exclude_if=not_)

type ColumnValue = bool | int | float | str
"""A value that a column may have."""
type ColumnBound = int | float | str
"""A bound on the values of a column; a text bounds dates, times and texts."""


class ColumnOptions(BaseModel):
    """The constraints on the values of a column, those of the Open Data Contract Standard."""

    min_length: int | None = NOT_SAID
    max_length: int | None = NOT_SAID
    pattern: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="A regular expression that RE2 runs; it is met where it matches a part.",
    )
    minimum: ColumnBound | None = NOT_SAID
    maximum: ColumnBound | None = NOT_SAID
    exclusive_minimum: ColumnBound | None = NOT_SAID
    exclusive_maximum: ColumnBound | None = NOT_SAID
    multiple_of: int | float | None = NOT_SAID
    format: str | None = NOT_SAID
    min_items: int | None = NOT_SAID
    max_items: int | None = NOT_SAID
    unique_items: bool = NOT_SO


class DescribedColumn(BaseModel):
    """A column of which somebody has said more than its type. What nobody has said is left out."""

    name: str = Field(
        default="",
        exclude_if=not_,
        description="Its name; absent for the `items` of an array.",
    )
    type: str = Field(description="Its type, as `schema` has it.")
    description: str | None = None
    tags: list[str] = EMPTY_LIST
    physical_type: str | None = NOT_SAID
    physical_name: str | None = NOT_SAID
    required: bool = NOT_SO
    unique: bool = NOT_SO
    primary_key: int | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Its position in the primary key, from 1.",
    )
    classification: str | None = NOT_SAID
    restricted: bool = Field(
        default=False,
        exclude_if=not_,
        description="True if stewards alone read it: it is one of the `restricted_columns`.",
    )
    deprecated: bool = NOT_SO
    enum: list[ColumnValue] = Field(
        default_factory=list, exclude_if=not_, json_schema_extra={"default": []}
    )
    options: ColumnOptions | None = NOT_SAID
    columns: list["DescribedColumn"] = Field(
        default_factory=list,
        exclude_if=not_,
        json_schema_extra={"default": []},
        description="The fields of an object, in their order.",
    )
    items: "DescribedColumn | None" = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="What each value of an array is.",
    )


def build_columns(
    schema: Mapping[str, str],
    own: Mapping[str, Mapping[str, JsonValue]],
    descriptions: Mapping[str, str],
    tags: Mapping[str, tuple[str, ...]],
    restricted: AbstractSet[str],
) -> list[DescribedColumn]:
    """Return the columns of a schema of which something is known, in its order.

    `own` is what people say of columns, `descriptions` what events do. All columns are shown if
    people have said something of one.
    """
    has_own = not own.keys().isdisjoint(schema)
    return [
        _build_column(name, kind, own.get(name), descriptions, tags, restricted)
        for name, kind in schema.items()
        if has_own or name in descriptions or tags.get(name) or name in restricted
    ]


def _build_column(
    name: str,
    kind: str,
    own: Mapping[str, JsonValue] | None,
    descriptions: Mapping[str, str],
    tags: Mapping[str, tuple[str, ...]],
    restricted: AbstractSet[str],
) -> DescribedColumn:
    known: dict[str, object] = {
        "name": name,
        "type": kind,
        "description": descriptions.get(name),
        "tags": [*tags.get(name, ())],
    }
    if name in restricted:
        known["restricted"] = True
    return DescribedColumn.model_validate({**known, **own} if own else known)
