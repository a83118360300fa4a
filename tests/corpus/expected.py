"""The content of a file, as Python's csv module, pandas and pyarrow read it."""

import csv
import gzip
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.files import CorpusFile

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TYPES = {"i": "bigint", "f": "double", "b": "boolean"}
"""Kind of a column of pandas -> the type that it is registered as; else text."""


@dataclass(frozen=True)
class Expected:
    """A file that is to be served, and the rows that are to come back."""

    name: str
    body: bytes
    format: str
    schema: dict[str, str]
    rows: Sequence[tuple[Any, ...]]


def read_as_text(file: CorpusFile) -> Expected:
    """Return every cell as text, as the csv module reads it. An empty one is a null unless quoted.

    Raises ValueError if the file is not CSV in UTF-8, or has rows of another length.
    """
    header, rows = parse_csv(file)
    shown = choose_columns(header)
    cells = [tuple(row[index] for index in shown) for row in rows]
    schema = {header[index]: "string" for index in shown}
    return Expected(file.name, file.body, "csv", schema, cells)


def read_as_typed(file: CorpusFile) -> Expected:
    """Return the values of the types that pandas infers. Raises ValueError as it does."""
    frame, header = read_frame(file)
    schema = {name: find_type(frame[name]) for name in header}
    cells = read_as_text(file).rows
    columns = []
    for place, name in enumerate(header):
        values = to_values(frame[name])
        if schema[name] == "string":  # pandas takes a quoted empty cell for a null
            pairs = zip(values, cells, strict=False)
            values = ["" if value is None and row[place] == "" else value for value, row in pairs]
        columns.append(values)
    return Expected(file.name, file.body, "csv", schema, list(zip(*columns, strict=True)))


def read_as_parquet(file: CorpusFile) -> Expected:
    """Return the same values, written to Parquet by pyarrow, dates as dates."""
    frame, header = read_frame(file)
    columns, schema = {}, {}
    for name in header:
        kind, values = find_type(frame[name]), to_values(frame[name])
        if kind == "string" and is_all_dates(values):
            kind, values = "date", [each and date.fromisoformat(each) for each in values]
        columns[name], schema[name] = pa.array(values), kind
    table = pa.table(columns)
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=5000)
    rows = list(zip(*(table[name].to_pylist() for name in header), strict=True))
    return Expected("file.parquet", out.getvalue(), "parquet", schema, rows)


WAYS: dict[str, Callable[[CorpusFile], Expected]] = {
    "text": read_as_text,
    "typed": read_as_typed,
    "Parquet": read_as_parquet,
}


def parse_csv(file: CorpusFile) -> tuple[list[str], list[list[str | None]]]:
    body = gzip.decompress(file.body) if file.name.endswith(".gz") else file.body
    text = body.decode("utf-8-sig")
    try:
        lines = io.StringIO(text, newline="")
        header, *rows = csv.reader(lines, strict=True, quoting=csv.QUOTE_NOTNULL)
    except csv.Error as error:
        raise ValueError(str(error)) from None
    header = [(name or "").strip() for name in header]  # as they are registered
    rows = [row for row in rows if row or len(header) == 1]
    if any(len(row) != len(header) for row in rows if row):
        raise ValueError("rows of another length")
    return header, [[*row, *([] if row else [None])] for row in rows]


def choose_columns(header: Sequence[str]) -> list[int]:
    """Return the columns that can be registered: those that have a name. One of two of a name."""
    found = {name: index for index, name in reversed(list(enumerate(header))) if name.strip()}
    return sorted(found.values())


def read_frame(file: CorpusFile) -> tuple[pd.DataFrame, list[str]]:
    header, _ = parse_csv(file)
    body = gzip.decompress(file.body) if file.name.endswith(".gz") else file.body
    frame = pd.read_csv(
        io.BytesIO(body),
        encoding="utf-8-sig",
        keep_default_na=False,
        na_values=[""],
        float_precision="round_trip",
        low_memory=False,
        index_col=False,
        skip_blank_lines=len(header) > 1,
    )
    shown = choose_columns(header)
    frame = frame.iloc[:, shown]
    frame.columns = pd.Index([header[index] for index in shown])
    return frame, list(frame.columns)


def find_type(column: "pd.Series[Any]") -> str:
    return TYPES.get(column.dtype.kind, "string")


def to_values(column: "pd.Series[Any]") -> list[Any]:
    """Return the values of a column; what is missing is None."""
    values = column.tolist()
    if find_type(column) == "string":
        return [None if pd.isna(each) else str(each) for each in values]
    return [None if isinstance(each, float) and isnan(each) else each for each in values]


def is_all_dates(values: Sequence[str | None]) -> bool:
    texts = [each for each in values if each is not None]
    try:
        return bool(texts) and all(
            ISO_DATE.fullmatch(each) and date.fromisoformat(each) for each in texts
        )
    except ValueError:
        return False
