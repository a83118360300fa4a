"""SQL that reads a cell of a text file as the type that the schema says.

DuckDB's own casts round and cut: nanoseconds to microseconds, a moment to its date, 1e400 to
infinity. Here a cell is read as long as it means exactly what the type can hold.
"""

from collections.abc import Callable, Sequence

from datamesh.models.far_dates import INFINITIES
from datamesh.models.types import DECIMAL_DIGITS, Kind
from datamesh.tables.date_formats import build_cell_pattern
from datamesh.tables.engine_errors import refuse_cell
from datamesh.tables.sql import drop_zeros, quote_literal
from datamesh.tables.sql_types import find_sql_type, has_scale
from datamesh.tables.table import Column

BLANKS = r"[ \t]*"
INTEGER = r"[ \t]*([+-]?[0-9]+|[+-]?[0-9]{1,15}\.0*)[ \t]*"
"""An integer; one with a point, as pandas writes it beside nulls, as far as doubles hold it."""
NAN = r"\s*[+-]?nan\s*"
EXPONENT = r"[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,4}[ \t]*"
SHORT_YEAR = r"^[ \t]*[+-]?[0-9]{1,3}[^0-9]"
"""The beginning of a day whose year has fewer than four digits, such as `12/11/09`: which of the
numbers is the year, and in which century, nothing says. DuckDB takes the first, before 1000."""
OFFSET = r".*:[0-9.]+ *([A-Za-z].*|[+-][0-9].*)"
"""A time, and behind it a zone or an offset from UTC."""
CLOCK = r"[ \t]*[Tt]?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,%d}0*)?)?"
ZONE = r" *(Z|z|UTC|[+-][0-9]{1,2}(:?[0-9]{2})?|[+-][0-9]{1,2}:[0-9]{2}:[0-9]{2})?"
COMPLETE_ZONES = (
    (" *(Z|z|UTC)$", "+00"),
    ("^([0-9]{1,2}:[0-9]{2})( *[+-].*)$", r"\1:00\2"),
    (" *([+-])([0-9])(:|$)", r"\10\2\3"),
)
"""Times of day with a zone -> how DuckDB reads them: with seconds, and two digits of an hour."""
DOUBLE_BITS = 52
"""The bits of a double behind its first: it differs from the next one by that share, at most."""
DOUBLE_INTEGER = r"\s*[+-]?[0-9]{16,}\s*"
"""An integer of so many digits that a double may be another one."""


def cast_cell(cell: str, column: Column) -> str:
    """Return the expression that reads a text cell as its column's registered type.

    A cell that is not of the type, or that DuckDB would round, is null.
    """
    sql_type = find_sql_type(column.registered_type)
    if sql_type == "VARCHAR":
        return cell
    if column.cell_format:
        pattern = build_cell_pattern(column.cell_format)
        exact = f"CASE WHEN {_match(cell, pattern)} THEN {cell} END"
        if column.cell_format.endswith("%z"):
            exact = f"regexp_replace({exact}, 'Z$', '+00')"
        return f"CAST(try_strptime({exact}, {quote_literal(column.cell_format)}) AS {sql_type})"
    build_cast = CASTS.get(column.kind)
    return build_cast(cell, sql_type) if build_cast else f"TRY_CAST({cell} AS {sql_type})"


def require_cell(cell: str, column: Column, file: str, row: str) -> str:
    """Return the same expression with null for NaN; a cell that is not of the type ends the query.

    `file` and `row` are the expressions of the file's index and of the row, counted from 0.
    """
    value = cast_cell(cell, column)
    if value == cell:
        return cell
    sql_type = find_sql_type(column.registered_type)
    problem = f"the value cannot be read as '{column.registered_type}' without loss"
    failure = f"CAST({refuse_cell(file, row, column.name, problem)} AS {sql_type})"
    found = f"coalesce({value}, CASE WHEN {cell} IS NOT NULL THEN {failure} END)"
    return skip_nan(cell, found) if column.kind is Kind.DOUBLE else found


def skip_nan(cell: str, value: str) -> str:
    """Return the expression of a text cell's value that is null for NaN, however it is written."""
    is_nan = f"contains(lower({cell}), 'nan') AND {_match(f'lower({cell})', NAN)}"
    return f"CASE WHEN {is_nan} THEN NULL ELSE {value} END"


def read_null_markers(cell: str, column: Column, markers: Sequence[str]) -> str:
    """Return the expression of a CSV file's cell that is null if it is one of the markers.

    The reader has seen to those that are not quoted. In a column of text, a quoted one is text.
    """
    if column.kind in (Kind.TEXT, Kind.OTHER):
        return cell
    return f"CASE WHEN {cell} NOT IN ({', '.join(map(quote_literal, markers))}) THEN {cell} END"


def refuse_rounded_number(cell: str, json_type: str, column: Column) -> str:
    """Return the expression of a cell of JSON that is no number if a double has rounded it.

    A number with a point has been read as a double, which may be that of several decimals: it is
    if two of the column's scale are nearer to each other than it is to the next double. With 15
    digits or fewer it is the one that was written.
    """
    if column.kind is not Kind.DECIMAL or not has_scale(column.registered_type):
        return cell
    scale = int(find_sql_type(column.registered_type).rpartition(",")[2].rstrip(")"))
    digits = f"trim(replace(split_part(lower({cell}), 'e', 1), '.', ''), '-0')"
    is_coarse = f"abs(TRY_CAST({cell} AS DOUBLE)) >= {2**DOUBLE_BITS / 10**scale!r}"
    return (
        f"CASE WHEN length({cell}) > 16 AND {json_type} = 'DOUBLE' AND length({digits}) > 15"
        f" AND (contains({cell}, '.') OR contains(lower({cell}), 'e')) AND {is_coarse}"
        f" THEN 'rounded' ELSE {cell} END"
    )


def write_decimal(cell: str) -> str:
    """Return the expression of the text of a cell that can be read as a decimal, as it is written.

    A plus and zeros in front are dropped, and a point that no digit follows: `+07.50` -> `7.50`.
    `.5` becomes `0.5`, and a number with an exponent one without: `1.5e2` -> `150`. Blanks around
    it are dropped.
    """
    begin, end = rf"^{BLANKS}\+?(-?)", f"{BLANKS}$"
    plain = rf"regexp_replace({cell}, '{begin}0*([0-9]+(\.[0-9]+)?)\.?{end}', '\1\2')"
    short = rf"regexp_replace({cell}, '{begin}\.([0-9]+){end}', '\10.\2')"
    long = drop_zeros(f"CAST(TRY_CAST({cell} AS DECIMAL(38,18)) AS VARCHAR)")
    return (
        f"CASE WHEN {_match(cell, EXPONENT)} THEN {long}"
        rf" WHEN {_match(cell, rf'{BLANKS}[+-]?\.[0-9]+{BLANKS}')} THEN {short} ELSE {plain} END"
    )


def _match(cell: str, pattern: str) -> str:
    return f"regexp_full_match({cell}, {quote_literal(pattern)})"


def _trim(cell: str) -> str:
    return f"trim({cell}, ' \t')"


def _cast_integer(cell: str, sql_type: str) -> str:
    return f"TRY_CAST(CASE WHEN {_match(cell, INTEGER)} THEN {cell} END AS {sql_type})"


def _cast_decimal(cell: str, sql_type: str) -> str:
    scale = int(sql_type.rpartition(",")[2].rstrip(")"))
    plain = (
        rf"{BLANKS}([+-]?[0-9]{{1,{DECIMAL_DIGITS}}}(\.[0-9]{{0,{scale}}}0*)?"
        rf"|[+-]?\.[0-9]{{1,{max(scale, 1)}}}0*){BLANKS}"
    )
    # Of a number with an exponent, DuckDB rounds what is behind the scale, so the digits are
    # counted: those behind the point, without zeros at the end of all, and less the exponent.
    mantissa = f"regexp_extract(lower({cell}), '^{BLANKS}[+-]?([^e]*)', 1)"
    behind = f"length(regexp_extract({mantissa}, '\\.([0-9]*)', 1))"
    digits = f"replace({mantissa}, '.', '')"
    zeros = f"length({digits}) - length(rtrim({digits}, '0'))"
    exponent = f"TRY_CAST(regexp_extract(lower({cell}), 'e(.*)', 1) AS INTEGER)"
    is_exact = f"(trim({digits}, '0') = '' OR {behind} - ({zeros}) - {exponent} <= {scale})"
    value = f"TRY_CAST({cell} AS {sql_type})"
    return (
        f"CASE WHEN {_match(cell, plain)} THEN {value}"
        f" WHEN {_match(cell, EXPONENT)} AND {is_exact} THEN {value} END"
    )


def _cast_double(cell: str, sql_type: str) -> str:
    """Return the nearest double; none for what is beyond all doubles, or an integer between two.

    JavaScript writes a large double as an integer whose last digits are zeros; it is read.
    """
    value = f"TRY_CAST({cell} AS DOUBLE)"
    written = f"TRY_CAST(CAST({value} AS VARCHAR) AS DECIMAL(38,0))"
    number = f"TRY_CAST({cell} AS DECIMAL(38,0))"
    is_written = f"{number} IN ({written}, TRY_CAST({value} AS DECIMAL(38,0)))"
    has_digits = f"regexp_matches({cell}, '^[^eE]*[1-9]')"
    is_cut = f"(isinf({value}) OR {value} = 0) AND {has_digits}"
    is_between = f"{_match(cell, DOUBLE_INTEGER)} AND {is_written} IS NOT TRUE"
    # DuckDB reads `1_000` as a double, but not as an integer.
    is_grouped = f"contains({cell}, '_')"
    checked = f"CASE WHEN NOT ({is_between} OR {is_cut} OR {is_grouped}) THEN {value} END"
    # Most cells have a point and no exponent; nothing of them needs to be looked at.
    is_plain = f"(length({cell}) <= 15 OR contains({cell}, '.')) AND length({cell}) <= 300"
    no_mark = f"NOT contains({cell}, 'e') AND NOT contains({cell}, 'E') AND NOT {is_grouped}"
    return f"CASE WHEN {is_plain} AND {no_mark} THEN {value} ELSE {checked} END"


def _has_short_year(cell: str) -> str:
    """Return the condition that a day's year is short.

    Most cells begin with a digit and have a `-` behind four; those are not looked at.
    """
    is_unusual = f"(strpos({cell}, '-') <> 5 OR {cell} < '0')"
    return f"({is_unusual} AND regexp_matches({cell}, {quote_literal(SHORT_YEAR)}))"


def _cast_date(cell: str, sql_type: str) -> str:
    """Return a date; none for a moment within a day."""
    value = f"TRY_CAST({cell} AS DATE)"
    midnight = f"TRY_CAST({_trim(cell)} AS TIMESTAMP WITH TIME ZONE) IS NOT DISTINCT FROM {value}"
    found = f"CASE WHEN length({cell}) <= 10 THEN {value} WHEN {midnight} THEN {value} END"
    return f"CASE WHEN NOT {_has_short_year(cell)} THEN {found} END"


def _cast_timestamp(cell: str, sql_type: str) -> str:
    """Return a moment; none with more digits than the type has, or a zone that it has not."""
    digits = 9 if sql_type.endswith("_NS") else 6
    cut = f"regexp_matches({cell}, '\\.[0-9]{{{digits}}}[0-9]*[1-9]')"
    refused = f"contains({cell}, '.') AND {cut}"
    if sql_type in ("TIMESTAMP", "TIMESTAMP_NS"):
        refused = f"{cut} OR {_match(cell, OFFSET)}"
    refused = f"{refused} OR {_has_short_year(cell)}"
    if sql_type.endswith("_NS"):
        refused += f" OR lower({_trim(cell)}) IN ({', '.join(map(quote_literal, INFINITIES))})"
    return f"CASE WHEN NOT ({refused}) THEN TRY_CAST({_trim(cell)} AS {sql_type}) END"


def _cast_time(cell: str, sql_type: str) -> str:
    """Return a time of day; none with more digits than the type has, or a zone that it has not."""
    pattern = CLOCK % (9 if sql_type == "TIME_NS" else 6)
    text = f"ltrim({_trim(cell)}, 'Tt')"
    if sql_type == "TIME WITH TIME ZONE":
        pattern += ZONE
        for found, written in COMPLETE_ZONES:
            text = f"regexp_replace({text}, '{found}', '{written}')"
    pattern += BLANKS
    return f"TRY_CAST(CASE WHEN {_match(cell, pattern)} THEN {text} END AS {sql_type})"


CASTS: dict[Kind, Callable[[str, str], str]] = {
    Kind.INTEGER: _cast_integer,
    Kind.DECIMAL: _cast_decimal,
    Kind.DOUBLE: _cast_double,
    Kind.DATE: _cast_date,
    Kind.TIMESTAMP: _cast_timestamp,
    Kind.TIME: _cast_time,
}
"""Kind of a type -> what builds the cast of a cell to its SQL type."""
