"""Columns as clients send them, in the place of a type: loaded when one is sent.

Most requests have none, and no other one is to start later for it.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema

from datamesh.models.columns import find_clash
from datamesh.models.re2_patterns import MAX_PATTERN_LENGTH, check_pattern
from datamesh.models.schema_fields import MAX_FIELD_LENGTH, FieldText, Tags
from datamesh.models.values import NOT_BLANK, ShortText, show_example

MAX_COLUMN_DEPTH = 16
"""How deep columns may be nested; those of the schema itself are of depth 1."""
MAX_COLUMNS = 2000
"""How many columns a product has at most, nested ones among them."""
MAX_COLUMN_TEXT_LENGTH = 4000
MAX_ENUM = 1000
MAX_ENUM_LENGTH = 1000
MAX_BOUND_LENGTH = 100

COLUMN_EXAMPLE: dict[str, JsonValue] = {
    "type": "string",
    "description": "State of the parcel",
    "required": True,
    "enum": ["packed", "sent", "delivered"],
}

ColumnText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_COLUMN_TEXT_LENGTH),
    NOT_BLANK,
]
LimitedText = Annotated[FieldText, Field(json_schema_extra={"maxLength": MAX_FIELD_LENGTH})]
EnumText = Annotated[str, StringConstraints(max_length=MAX_ENUM_LENGTH)]
BoundText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BOUND_LENGTH),
    NOT_BLANK,
]
Bound = StrictInt | StrictFloat | BoundText
Count = Annotated[StrictInt, Field(ge=0)]
Pattern = Annotated[
    str,
    StringConstraints(min_length=1),
    AfterValidator(check_pattern),
    Field(
        description="A regular expression in the syntax of RE2, without look-arounds and references"
        " to groups. It is met where it matches a part of a value.",
        json_schema_extra={"maxLength": MAX_PATTERN_LENGTH},
    ),
]
_PAIRS = (
    ("min_length", "max_length"),
    ("minimum", "maximum"),
    ("exclusive_minimum", "exclusive_maximum"),
    ("min_items", "max_items"),
)


class OptionsRequest(BaseModel):
    """The constraints on the values of a column."""

    model_config = ConfigDict(extra="forbid")

    min_length: Count | None = None
    max_length: Count | None = None
    pattern: Pattern | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    exclusive_minimum: Bound | None = None
    exclusive_maximum: Bound | None = None
    multiple_of: Annotated[StrictInt, Field(gt=0)] | Annotated[StrictFloat, Field(gt=0)] | None = (
        None
    )
    format: ShortText | None = None
    min_items: Count | None = None
    max_items: Count | None = None
    unique_items: StrictBool = False

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for least, most in _PAIRS:
            low, high = getattr(self, least), getattr(self, most)
            are_numbers = not isinstance(low, str | None) and not isinstance(high, str | None)
            if are_numbers and low > high:
                raise ValueError(f"{least} must not be greater than {most}")
        return self


def list_nested(columns: object) -> object:
    """Return nested columns, given as a schema or a list, as a list."""
    if not isinstance(columns, dict):
        return columns
    listed = []
    for name, column in columns.items():
        sent = column if isinstance(column, dict) else {"type": column}
        if sent.get("name") not in (None, name):
            raise ValueError(f"the column '{name}' must not have another name")
        listed.append({**sent, "name": name})
    return listed


class NestedInDocument:
    """Shows both forms of nested columns in the API's document."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema of a list of columns, or of an object with types and columns."""
        listed = handler(schema)
        values = {"anyOf": [{"type": "string", "minLength": 1}, listed["items"]]}
        return {"anyOf": [listed, {"type": "object", "additionalProperties": values}]}


class ColumnRequest(BaseModel):
    """A column: its type, and what else is to be known of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=show_example(COLUMN_EXAMPLE))

    name: LimitedText | None = Field(
        default=None,
        description="As `schema` has it, where it is the value of a name. A nested column of a list"
        " needs one.",
    )
    type: LimitedText
    description: ColumnText | None = None
    tags: Tags = []
    physical_type: LimitedText | None = Field(
        default=None, description="Its type in the database, such as `decimal(10,2)`."
    )
    physical_name: LimitedText | None = Field(
        default=None, description="Its name in the database or file, if that is another."
    )
    required: StrictBool = False
    unique: StrictBool = False
    primary_key: Annotated[StrictInt, Field(ge=1, le=MAX_COLUMNS)] | None = Field(
        default=None, description="Its position in the primary key, from 1."
    )
    classification: ShortText | None = None
    restricted: StrictBool = Field(
        default=False,
        description="True if stewards alone read it, as `restricted_columns` says. A nested column"
        " cannot be.",
    )
    deprecated: StrictBool = False
    enum: list[StrictBool | StrictInt | StrictFloat | EnumText] = Field(
        default=[], max_length=MAX_ENUM, description="The values that there are."
    )
    options: OptionsRequest | None = None
    columns: Annotated[
        list["ColumnRequest"],
        BeforeValidator(list_nested),
        NestedInDocument(),
    ] = Field(default=[], description="The fields of an object: a list, or as `schema` has them.")
    items: "ColumnRequest | None" = Field(
        default=None, description="What each value of an array is."
    )

    @model_validator(mode="after")
    def _check_nested(self) -> Self:
        names = [column.name for column in self.columns]
        if None in names:
            raise ValueError("columns: each needs a name")
        if len({*names}) < len(names):
            raise ValueError("columns: names must differ")
        if clash := find_clash(name for name in names if name):
            raise ValueError(f"columns: '{clash[0]}' and '{clash[1]}' differ by case alone")
        nested = [*self.columns, *([self.items] if self.items else [])]
        if any(column.restricted for column in nested):
            raise ValueError("restricted: only a column of the schema itself can be")
        return self

    @property
    def is_opened(self) -> bool:
        """True if the request says that others than stewards read the column, too."""
        return "restricted" in self.model_fields_set and not self.restricted

    def describe(self) -> dict[str, JsonValue]:
        """Return what is said of a column of the schema, as it is stored.

        Its type, tags and restriction are stored with those of the other columns.
        """
        shown = self.model_dump(mode="json", exclude_defaults=True)
        for name in ("name", "type", "tags", "restricted"):
            shown.pop(name, None)
        return {key: value for key, value in shown.items() if value != {}}

    def list_all(self) -> Iterator["ColumnRequest"]:
        """Yield the column and all that are nested in it."""
        yield self
        for nested in (*self.columns, *([self.items] if self.items else [])):
            yield from nested.list_all()


def parse_column(value: Mapping[str, JsonValue]) -> ColumnRequest:
    """Return a column that was sent in the place of a type.

    Raises ValueError; pydantic's ValidationError, which is one, has the places within.
    """
    level: list[object] = [value]
    for _ in range(MAX_COLUMN_DEPTH):
        level = [nested for column in level for nested in _list_nested(column)]
        if not level:
            return ColumnRequest.model_validate(value)
    raise ValueError(f"columns must be nested at most {MAX_COLUMN_DEPTH} deep")


def _list_nested(column: object) -> list[object]:
    """Return the objects that are nested in a column which was not checked yet."""
    if not isinstance(column, dict):
        return []
    nested = column.get("columns")
    values = [*nested.values()] if isinstance(nested, dict) else nested
    found = [*(values if isinstance(values, list) else []), column.get("items")]
    return [each for each in found if isinstance(each, dict)]
