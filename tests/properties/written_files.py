"""Parquet files of two columns, `i` and `x`, as four writers write them."""

import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

type Write = Callable[[Sequence[int], Sequence[Any], Any, int], bytes]
"""Numbers of rows, values, the Arrow type of these, rows of a group -> a file."""


def by_pyarrow(numbers: Sequence[int], values: Sequence[Any], kind: Any, rows: int) -> bytes:
    out = io.BytesIO()
    pq.write_table(build_table(numbers, values, kind), out, row_group_size=rows)
    return out.getvalue()


def by_polars(numbers: Sequence[int], values: Sequence[Any], kind: Any, rows: int) -> bytes:
    out = io.BytesIO()
    frame = pl.from_arrow(build_table(numbers, values, kind))
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(out, row_group_size=rows)
    return out.getvalue()


def by_pandas(numbers: Sequence[int], values: Sequence[Any], kind: Any, rows: int) -> bytes:
    """Types are those of Arrow, so that a null does not make floats of integers."""
    out = io.BytesIO()
    frame = build_table(numbers, values, kind).to_pandas(types_mapper=pd.ArrowDtype)
    frame.to_parquet(out, row_group_size=rows, index=False)
    return out.getvalue()


def by_duckdb(numbers: Sequence[int], values: Sequence[Any], kind: Any, rows: int) -> bytes:
    table = build_table(numbers, values, kind)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "file.parquet"
        connection.register("written", table)
        connection.execute(f"COPY written TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {rows})")
        return path.read_bytes()


def build_table(numbers: Sequence[int], values: Sequence[Any], kind: Any) -> Any:
    return pa.table({"i": pa.array(numbers, pa.int64()), "x": pa.array(values, kind)})


WRITERS: dict[str, Write] = {
    "pyarrow": by_pyarrow,
    "polars": by_polars,
    "pandas": by_pandas,
    "duckdb": by_duckdb,
}
