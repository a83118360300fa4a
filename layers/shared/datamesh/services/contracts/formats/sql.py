"""A product as a table of SQL, in words that DuckDB and PostgreSQL have."""

from datamesh.models.described_columns import ColumnValue, DescribedColumn
from datamesh.models.stored_products import StoredProduct
from datamesh.models.type_names import Kind
from datamesh.services.contracts.formats.shapes import (
    Shape,
    assign_names,
    find_bound,
    find_digits,
    find_items,
    find_shape,
    find_type,
    is_nullable,
    list_columns,
    list_fitting_values,
    list_key,
)

_PLAIN = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.DOUBLE: "DOUBLE PRECISION",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIME: "TIME",
}
_BOUNDS = (
    ("minimum", ">="),
    ("maximum", "<="),
    ("exclusive_minimum", ">"),
    ("exclusive_maximum", "<"),
)


def write_sql(product: StoredProduct) -> str:
    """Return the statements that make an empty table of a product, with its comments."""
    columns = list_columns(product)
    names = assign_names((each.name for each in columns), normalise_name)
    named = dict(zip((each.name for each in columns), names, strict=True))
    lines = [_write_column(named[each.name], each) for each in columns]
    if key := list_key(columns):
        listed = ", ".join(quote_name(named[each.name]) for each in key)
        lines.append(f"PRIMARY KEY ({listed})")
    table = quote_name(normalise_name(product.name))
    # A table has at least one column.
    body = ",\n".join(f"    {line}" for line in lines or ['"unknown" VARCHAR'])
    comments = [f"COMMENT ON TABLE {table} IS {quote_text(product.description)};"]
    comments += [
        f"COMMENT ON COLUMN {table}.{quote_name(named[each.name])} IS"
        f" {quote_text(each.description)};"
        for each in columns
        if each.description
    ]
    return "\n".join([f"CREATE TABLE {table} (\n{body}\n);", *comments, ""])


def write_type(column: DescribedColumn) -> str:
    """Return the type of a column."""
    shape = find_shape(column)
    if shape is Shape.OBJECT:
        names = assign_names((each.name for each in column.columns), normalise_name)
        parts = [
            f"{quote_name(name)} {write_type(each)}"
            for name, each in zip(names, column.columns, strict=True)
        ]
        return f"STRUCT({', '.join(parts)})"
    if shape is Shape.ARRAY:
        items = find_items(column)
        return f"{write_type(items) if items else 'VARCHAR'}[]"
    if shape is Shape.MAP:
        return "MAP(VARCHAR, VARCHAR)"
    if shape is Shape.BYTES:
        return "BLOB"
    if shape is Shape.ANY:
        return "VARCHAR"
    found = find_type(column)
    if found.kind is Kind.TIMESTAMP:
        return "TIMESTAMP WITH TIME ZONE" if found.is_zoned else "TIMESTAMP"
    if found.kind is Kind.DECIMAL:
        digits = find_digits(found) or (38, 9)
        return f"DECIMAL({digits[0]}, {digits[1]})"
    return _PLAIN[found.kind]


def _write_column(name: str, column: DescribedColumn) -> str:
    quoted = quote_name(name)
    words = [quoted, write_type(column)]
    if not is_nullable(column):
        words.append("NOT NULL")
    if column.unique and find_shape(column) is Shape.PLAIN:
        words.append("UNIQUE")
    if find_shape(column) is Shape.PLAIN:
        words += [f"CHECK ({check})" for check in _list_checks(quoted, column)]
    return " ".join(words)


def _list_checks(quoted: str, column: DescribedColumn) -> list[str]:
    checks = []
    if values := list_fitting_values(column):
        checks.append(f"{quoted} IN ({', '.join(map(write_value, values))})")
    for name, operator in _BOUNDS:
        if (bound := find_bound(column, name)) is not None:
            checks.append(f"{quoted} {operator} {write_value(bound)}")
    if column.options and find_type(column).kind is Kind.TEXT:
        for length, operator in (
            (column.options.min_length, ">="),
            (column.options.max_length, "<="),
        ):
            if length is not None:
                checks.append(f"length({quoted}) {operator} {length}")
    return checks


def write_value(value: ColumnValue) -> str:
    """Return a literal."""
    return quote_text(value) if isinstance(value, str) else repr(value)


def normalise_name(name: str) -> str:
    """Return a name without characters that no database takes."""
    return "".join(each for each in name if each.isprintable()).strip() or "_"


def quote_name(name: str) -> str:
    """Return a quoted identifier."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def quote_text(text: str) -> str:
    """Return a text literal."""
    doubled = text.replace("\x00", "").replace("'", "''")
    return f"'{doubled}'"
