"""The least and the greatest value of a profile, as text."""

import pytest

from tests.conftest import Serve
from tests.tables import PATH, one_file, parquet


@pytest.mark.parametrize(
    ("registered", "value", "shown"),
    [
        ("timestamp", "TIMESTAMP '2023-07-01 12:00:00.5'", "2023-07-01T12:00:00.5"),
        ("timestamptz", "TIMESTAMPTZ '2023-07-01 12:00:00+00'", "2023-07-01T12:00:00Z"),
        ("timestamp_ns", "TIMESTAMP_NS '2023-07-01 12:00:00'", "2023-07-01T12:00:00"),
        ("date", "DATE '0045-03-15 (BC)'", "-0044-03-15"),
        ("string", "1.5::DOUBLE", "1.5"),
    ],
)
def test_the_least_value_is_the_text_that_pages_show(
    serve: Serve, registered: str, value: str, shown: str
) -> None:
    client = one_file(serve, "x.parquet", parquet(f"SELECT {value} AS x"), {"x": registered})
    assert client.get(PATH).body == [{"x": shown}]
    [column] = client.get(f"{PATH}/profile").body["columns"]
    assert (column["min"], column["max"]) == (shown, shown)
