"""The schema of a product as clients send it: the type of each field, or all of its column.

Both forms may be mixed. A model that has a schema keeps the types in it, as ever, and what else is
said of columns beside it (docs/adr/0038-columns.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    PrivateAttr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from datamesh.models.values import NOT_BLANK_PATTERN, Text

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

    from datamesh.models.column_requests import ColumnRequest

MAX_FIELDS = 1000
MAX_FIELD_LENGTH = 200
"""The most characters of a field's name in a schema, and of its type."""
MAX_TAGS = 10
INFER = "infer"


def normalise_tags(tags: list[str]) -> list[str]:
    """Return the tags trimmed, in lower case, without blank and repeated ones.

    Raises ValueError if more than MAX_TAGS remain.
    """
    normalised = list(dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip()))
    if len(normalised) > MAX_TAGS:
        raise ValueError(f"at most {MAX_TAGS} tags, got {len(normalised)}")
    return normalised


def check_fields(schema: object) -> object:
    """Return the schema. Raises ValueError for no field, and for more than MAX_FIELDS.

    So it does if two field names differ in surrounding blanks alone: trimming would make them one.
    """
    if isinstance(schema, dict):
        if not schema:
            raise ValueError("must have at least one field")
        if len(schema) > MAX_FIELDS:
            raise ValueError(f"must have at most {MAX_FIELDS} fields, got {len(schema)}")
        names = [str(name).strip() for name in schema]
        if len(set(names)) != len(names):
            raise ValueError("field names must differ")
    return schema


def check_field_length(text: str) -> str:
    """Return the text. Raises ValueError if it is too long for a field's name or type."""
    if len(text) > MAX_FIELD_LENGTH:
        raise ValueError(f"must have at most {MAX_FIELD_LENGTH} characters, got {len(text)}")
    return text


def accept_column(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """Return the type of a field, or its column if an object was sent."""
    if isinstance(value, dict):
        from datamesh.models.column_requests import parse_column  # for those that send one

        return parse_column(value)
    return handler(value)


def accept_infer(value: object, handler: ValidatorFunctionWrapHandler) -> dict[str, str]:
    """Return the schema; an empty one, which no client can send, for the text `infer`."""
    schema: dict[str, str] = {} if value == INFER else handler(value)
    return schema


class SchemaInDocument:
    """Shows a schema in the API's document."""

    def __init__(self, *others: dict[str, JsonValue]) -> None:
        """Keep what may stand in the place of a schema."""
        self._others = others

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema; pydantic's own lets blank names and empty objects through."""
        from datamesh.models.column_requests import ColumnRequest  # for the document alone

        ColumnRequest.model_rebuild()
        limits = {"pattern": NOT_BLANK_PATTERN, "maxLength": MAX_FIELD_LENGTH}
        column = handler(ColumnRequest.__pydantic_core_schema__)
        fields: dict[str, Any] = {
            "type": "object",
            "minProperties": 1,
            "maxProperties": MAX_FIELDS,
            "propertyNames": limits,
            "additionalProperties": {"anyOf": [{"type": "string", **limits}, column]},
        }
        return {"anyOf": [fields, *self._others]} if self._others else fields


FieldText = Annotated[Text, AfterValidator(check_field_length)]
FieldType = Annotated[FieldText, WrapValidator(accept_column)]
Schema = Annotated[
    dict[FieldText, FieldType],
    BeforeValidator(check_fields),
    Field(
        description="Field name -> field type, or an object with the type and what else is to be"
        " known of the column.",
    ),
    SchemaInDocument(),
]
SchemaOrInfer = Annotated[
    dict[FieldText, FieldType],
    BeforeValidator(check_fields),
    WrapValidator(accept_infer),
    Field(
        description="Field name -> field type, or an object with the type and what else is to be"
        " known of the column; `infer` takes them from a sample of the files."
    ),
    SchemaInDocument({"type": "string", "const": INFER}),
]
Tags = Annotated[
    list[str],
    AfterValidator(normalise_tags),
    Field(
        description=f"Trimmed and lower-cased, blanks dropped; at most {MAX_TAGS} remain.",
        json_schema_extra={
            "contains": {"pattern": NOT_BLANK_PATTERN},
            "minContains": 0,
            "maxContains": MAX_TAGS,
        },
    ),
]


class TakesColumns(BaseModel):
    """Base of requests with a `schema`: types stay in it, columns are kept beside it."""

    _columns: dict[str, ColumnRequest] = PrivateAttr(default_factory=dict)

    @property
    def described_columns(self) -> Mapping[str, ColumnRequest]:
        """The columns that were sent as objects, by name."""
        return self._columns

    @model_validator(mode="after")
    def _split_schema(self) -> Self:
        sent: dict[str, str | ColumnRequest] = getattr(self, "schema_")  # noqa: B009
        columns = {name: each for name, each in sent.items() if not isinstance(each, str)}
        if columns:
            from datamesh.models.column_checks import check_columns_sent  # for those that have any

            check_columns_sent(columns, getattr(self, "restricted_columns") or [])  # noqa: B009
            self._columns = columns
            types = {
                name: each if isinstance(each, str) else each.type for name, each in sent.items()
            }
            setattr(self, "schema_", types)  # noqa: B010
        return self
