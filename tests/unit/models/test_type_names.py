"""The types that databases and libraries call by many names."""

import pytest

from datamesh.models.type_names import Kind, find_unknown_types, is_known_type, parse_type
from datamesh.tables.sql_types import find_sql_type

NAMES = {
    "VARCHAR": """VARCHAR(16777216)|character varying(20)|nvarchar(50)|varchar(max)|text|uuid|
        varchar2(20 byte)|large_string|string[pyarrow]|object|category|uniqueidentifier|bpchar|
        dictionary<values=string, indices=int32, ordered=0>|ENUM('a', 'b')""",
    "BIGINT": "int4|Int64|int8|bigint|byteint|uint32|serial|int unsigned|Integer",
    "UBIGINT": "uint64|UInt64|bigint unsigned|UBIGINT",
    "HUGEINT": "hugeint|int128",
    "DECIMAL(38,0)": "number(38,0)|NUMBER(38)|decimal(38)",
    "DECIMAL(10,2)": "decimal128(10, 2)|numeric(10,2)|NUMBER(10, 2)|dec(10,2)",
    "DECIMAL(38,18)": "decimal|numeric|money",
    "DOUBLE": "number|float8|float4|real|double precision|float(53)|halffloat|float16|Float64",
    "BOOLEAN": "bool|boolean|bit|BOOLEAN",
    "DATE": "date|date32[day]|date64[ms]",
    "TIMESTAMP WITH TIME ZONE": """timestamp|timestamp(6) with time zone|datetime2(7)|TIMESTAMP_TZ|
        timestamp_ltz(9)|timestamp with local time zone|datetimeoffset(7)|smalldatetime|
        timestamp[us, tz=UTC]|datetime""",
    "TIMESTAMP": """timestamp_ntz|TIMESTAMP_NTZ(9)|timestamp(3) without time zone|timestamp[us]|
        timestamp[ms]|datetime64[us]""",
    "TIMESTAMPTZ_NS": "timestamp_ns|datetime64[ns, UTC]|timestamp[ns, tz=Europe/Berlin]",
    "TIMESTAMP_NS": "datetime64[ns]|timestamp[ns]",
    "TIME": "time|time(6)|time64[us]|time without time zone",
    "TIME_NS": "time64[ns]|time_ns",
    "TIME WITH TIME ZONE": "timetz|time with time zone|time(3) with time zone",
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [(each.strip(), kind) for kind, names in NAMES.items() for each in names.split("|")],
)
def test_types_of_other_systems_are_recognised(name: str, expected: str) -> None:
    assert find_sql_type(name) == expected
    assert parse_type(name).kind is not Kind.OTHER


@pytest.mark.parametrize(
    "name",
    ["struct<a:int>", "STRUCT(a INTEGER)", "int[]", "list<item: int64>", "variant", "jsonb",
     "fixed_size_binary[16]", "interval", "geometry", "map(varchar, int)", "varbinary(16)"],
)  # fmt: skip
def test_types_without_an_order_are_known(name: str) -> None:
    assert parse_type(name).kind is Kind.OTHER
    assert is_known_type(name)


@pytest.mark.parametrize(
    "name",
    ["", "foo", "decimal(9,2) x", "(9)", "decimal(9,2,1)", "decimal(a)", "timestamp[day]",
     "timestamp[us", "varchar(20", "foo[us]", "foo<int>", "decimal(9,2)[]"],
)  # fmt: skip
def test_other_types_are_not_known(name: str) -> None:
    assert parse_type(name).kind is Kind.OTHER
    assert not is_known_type(name)


def test_of_many_unknown_types_the_first_are_named() -> None:
    assert find_unknown_types({"a": "int", "b": "struct<a:int>"}) == []
    found = find_unknown_types({f"c{n}": "foo" for n in range(25)})
    assert len(found) == 21
    assert found[0] == (
        "Column 'c0': the type 'foo' is not known. It is served as it is stored, and can be neither"
        " filtered nor ordered by, nor checked"
    )
    assert found[-1] == "5 more columns have types that are not known"
