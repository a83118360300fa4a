"""The rules for the columns of one request together; loaded when a column is sent."""

from collections.abc import Collection, Mapping

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from datamesh.models.column_requests import MAX_COLUMNS, ColumnRequest


def check_columns_sent(columns: Mapping[str, ColumnRequest], restricted: Collection[str]) -> None:
    """Raise pydantic's ValidationError, which names each place, if columns do not fit together.

    `restricted` are the names that `restricted_columns` has, if it was sent, too.
    """
    problems: list[tuple[tuple[str, ...], str]] = []
    count = sum(1 for column in columns.values() for _ in column.list_all())
    if count > MAX_COLUMNS:
        problems.append(((), f"at most {MAX_COLUMNS} columns with nested ones, got {count}"))
    positions: dict[int, str] = {}
    for name, column in columns.items():
        if column.name not in (None, name):
            problems.append(((name, "name"), f"must be '{name}', as the schema has it"))
        if column.primary_key:
            other = positions.setdefault(column.primary_key, name)
            if other != name:
                message = f"'{other}' has the position {column.primary_key} already"
                problems.append(((name, "primary_key"), message))
        if column.is_opened and name in restricted:
            problems.append(((name, "restricted"), "must be true: restricted_columns names it"))
    if problems:
        raise _build_error(problems)


def _build_error(problems: list[tuple[tuple[str, ...], str]]) -> ValidationError:
    return ValidationError.from_exception_data(
        "schema",
        [
            InitErrorDetails(
                type=PydanticCustomError("column", "{message}", {"message": message}),
                loc=("schema", *place),
                input=None,
            )
            for place, message in problems
        ],
    )
