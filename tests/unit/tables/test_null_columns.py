"""Columns of Parquet files that the writer knew no type of, for all of their values are null."""

import io

import pyarrow
import pyarrow.parquet
import pytest

from tests.conftest import Serve
from tests.tables import PATH, one_file


@pytest.mark.parametrize("registered", ["string", "bigint", "date"])
def test_a_column_of_nothing_but_nulls_is_of_any_type(serve: Serve, registered: str) -> None:
    body = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"x": pyarrow.nulls(2)}), body)
    client = one_file(serve, "a.parquet", body.getvalue(), {"x": registered})
    assert client.get(PATH).body == [{"x": None}, {"x": None}]
    assert client.get(f"{PATH}/profile").body["failures"] == []
