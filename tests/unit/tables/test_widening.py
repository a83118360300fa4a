"""The narrowest type that holds the values of several exactly, or none."""

from itertools import permutations

import pytest

from datamesh.tables.inferred import widen_types


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([], "null"),
        (["null", "date"], "date"),
        (["tinyint", "bigint"], "bigint"),
        (["utinyint", "tinyint"], "smallint"),
        (["uinteger", "integer"], "bigint"),
        (["ubigint", "tinyint"], "hugeint"),
        (["ubigint", "usmallint"], "ubigint"),
        (["integer", "double"], "double"),
        (["bigint", "double"], None),
        (["float", "double"], "double"),
        (["smallint", "float"], "double"),
        (["decimal(9,2)", "decimal(9,3)"], "decimal(10,3)"),
        (["decimal(38,0)", "decimal(38,2)"], None),
        (["integer", "decimal(9,2)"], "decimal(12,2)"),
        (["ubigint", "decimal(38,19)"], None),
        (["decimal(9,2)", "double"], None),
        (["date", "timestamp"], None),
        (["timestamp", "timestamptz"], None),
        (["timestamp", "timestamp_ns"], "timestamp_ns"),
        (["string", "uuid"], "string"),
        (["string", "integer"], None),
        (["list", "struct"], None),
        (["integer", "null", "decimal(9,2)", "bigint"], "decimal(21,2)"),
        (["integer", "string", "integer"], None),
    ],
)
def test_types_are_widened_exactly_in_any_order(types: list[str], expected: str | None) -> None:
    for order in permutations(types):
        assert widen_types(order) == expected
