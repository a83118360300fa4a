"""Rows as the files that the domain endpoints read."""

import csv
import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb

from examples.derivations import Row, Rows

PARQUET_TYPES = {
    "string": "VARCHAR",
    "integer": "INTEGER",
    "decimal(10,2)": "DECIMAL(10,2)",
    "date": "DATE",
}


def as_csv(rows: Rows) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_json_lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, default=_number) + "\n" for row in rows).encode()


def as_partitioned_parquet(
    rows: Rows, schema: Mapping[str, str], partition: str
) -> dict[str, bytes]:
    """`<partition>=<value>/<name>.parquet` -> content; the rows keep their order."""
    types = {column: PARQUET_TYPES[kind] for column, kind in schema.items()}
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as connection:
        folder = Path(name)
        (folder / "rows.csv").write_bytes(as_csv(rows))
        connection.execute("SET threads = 1")  # one file for each value
        connection.execute("SET partitioned_write_max_open_files = 1000")
        connection.execute(
            f"COPY (FROM read_csv('{folder}/rows.csv', header = true, columns = {types}))"
            f" TO '{folder}/out' (FORMAT parquet, PARTITION_BY ({partition}))"
        )
        files = sorted((folder / "out").rglob("*.parquet"))
        return {str(file.relative_to(folder / "out")): file.read_bytes() for file in files}


def by_month(rows: Rows, column: str) -> dict[str, Rows]:
    """YYYY-MM -> the rows of that month."""
    months: dict[str, Rows] = defaultdict(list)
    for row in rows:
        months[month_of(row, column)].append(row)
    return months


def month_of(row: Row, column: str) -> str:
    return str(row[column])[:7]


def _number(value: object) -> float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} has no JSON form")
    return float(value)
