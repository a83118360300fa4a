"""The columns in a Parquet file's footer, read without DuckDB, are those that DuckDB reads."""

import tempfile
from pathlib import Path

import duckdb
import pytest

from datamesh.errors.datasets import UnreadableDataset
from datamesh.tables.parquet_schema import TAIL_BYTES, read_parquet_columns
from tests.tables import parquet

VALUES = {
    "BOOLEAN": ("true", "boolean"),
    "TINYINT": ("1::TINYINT", "tinyint"),
    "SMALLINT": ("1::SMALLINT", "smallint"),
    "INTEGER": ("1::INTEGER", "integer"),
    "BIGINT": ("1::BIGINT", "bigint"),
    "UTINYINT": ("1::UTINYINT", "utinyint"),
    "USMALLINT": ("1::USMALLINT", "usmallint"),
    "UINTEGER": ("1::UINTEGER", "uinteger"),
    "UBIGINT": ("1::UBIGINT", "ubigint"),
    "FLOAT": ("1::FLOAT", "float"),
    "DOUBLE": ("1::DOUBLE", "double"),
    "DECIMAL(4,1)": ("1::DECIMAL(4,1)", "decimal(4,1)"),
    "DECIMAL(9,2)": ("1::DECIMAL(9,2)", "decimal(9,2)"),
    "DECIMAL(38,5)": ("1::DECIMAL(38,5)", "decimal(38,5)"),
    "VARCHAR": ("'x'", "string"),
    "BLOB": ("'x'::BLOB", "binary"),
    "DATE": ("DATE '2020-01-01'", "date"),
    "TIME": ("TIME '10:00:00'", "time"),
    "TIME WITH TIME ZONE": ("'10:00:00+01'::TIMETZ", "timetz"),
    "TIMESTAMP": ("TIMESTAMP '2020-01-01'", "timestamp"),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMPTZ '2020-01-01'", "timestamptz"),
    "TIMESTAMP_NS": ("'2020-01-01'::TIMESTAMP_NS", "timestamp_ns"),
    "UUID": ("uuid()", "uuid"),
    "JSON": ("'1'::JSON", "json"),
    "INTERVAL": ("INTERVAL 1 DAY", "interval"),
    "STRUCT(a INTEGER, b INTEGER[])": ("{'a': 1, 'b': [1]}", "struct"),
    "STRUCT(a STRUCT(b MAP(VARCHAR, INTEGER)))": ("{'a': {'b': map{'a': 1}}}", "struct"),
    "INTEGER[]": ("[1, 2]", "list"),
    "MAP(VARCHAR, INTEGER)": ("map{'a': 1}", "map"),
}


def read(body: bytes) -> list[tuple[str, str]]:
    columns = read_parquet_columns(lambda begin, size: body[begin : begin + size], len(body))
    return [(column.name, column.type) for column in columns]


def describe(body: bytes) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "file.parquet"
        path.write_bytes(body)
        return [row[1] for row in connection.execute(f"DESCRIBE FROM '{path}'").fetchall()]


def test_every_type_is_the_one_that_duckdb_reads() -> None:
    columns = [f'{value} AS "{name}"' for name, (value, _) in VALUES.items()]
    body = parquet(f"SELECT {', '.join(columns)}")
    assert describe(body) == list(VALUES)
    assert read(body) == [(name, found) for name, (_, found) in VALUES.items()]


def test_a_footer_that_is_larger_than_the_first_read_is_read_whole() -> None:
    columns = ", ".join(f"{number} AS a_rather_long_name_{number}" for number in range(2000))
    body = parquet(f"SELECT {columns}")
    assert int.from_bytes(body[-8:-4], "little") > TAIL_BYTES
    assert read(body)[-1] == ("a_rather_long_name_1999", "integer")


def test_a_column_is_nullable_unless_the_file_says_that_it_is_not() -> None:
    body = parquet("SELECT 1 AS a, CASE WHEN i = 1 THEN 1 END AS b FROM range(2) r(i)")
    columns = read_parquet_columns(lambda begin, size: body[begin : begin + size], len(body))
    assert [(column.name, column.nullable) for column in columns] == [("a", False), ("b", True)]


def damage(body: bytes) -> bytes:
    length = int.from_bytes(body[-8:-4], "little")
    return body[: -8 - length] + b"\xff" * length + body[-8:]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a Parquet file"),
        (b"a,b\n1,2\n", "not a Parquet file"),
        (b"PAR1\xff\xff\xff\xffPAR1", "not a Parquet file"),
        (b"PAR1" + bytes(20) + b"\x02\x00\x00\x00PARE", "encrypted"),
        (b"PAR1" + bytes(20) + b"\x02\x00\x00\x00PAR1", "damaged"),
        (b"PAR1" + b"\x1c" * 64 + b"\x40\x00\x00\x00PAR1", "damaged"),
        (damage(parquet("SELECT 1 AS a")), "damaged"),
    ],
)
def test_what_is_no_footer_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDataset, match=reason):
        read(body)


def test_any_cut_of_a_footer_is_refused_or_read() -> None:
    body = parquet("SELECT 1 AS a, {'b': [1]} AS c")
    length = int.from_bytes(body[-8:-4], "little")
    footer = body[-8 - length : -8]
    for size in range(length):
        cut = b"PAR1" + footer[:size] + size.to_bytes(4, "little") + b"PAR1"
        try:
            assert read(cut) == [("a", "integer"), ("c", "struct")]
        except UnreadableDataset as error:
            assert str(error) in ("its footer is damaged", "not a Parquet file, or cut off")
