"""Files served by the domains function, in every format, compared with what they hold."""

import csv
import io
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import FastAPI
from pydantic import ValidationError

from datamesh.errors.base import MeshError
from tests.corpus.expected import Expected
from tests.lambdas import ENVIRONMENT, Client, create_function_client, import_app
from tests.meshes import add_product, mesh, resources

MAX_ROWS = 3_000
"""How many rows of a file are compared as JSON; in the other formats a page of PAGE_ROWS is."""
PAGE_ROWS = 1000
MAX_SCAN_BYTES = 128 * 1024 * 1024
PATH = "/domains/sales/orders"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Beginnings of text that a CSV answer puts an apostrophe before, also with blanks before them."""


class Refused(Exception):
    """The registry does not serve a file; the text is why."""


class Wrong(Exception):
    """The registry serves something else than the file holds, or fails; the text says where."""


@dataclass(frozen=True)
class Served:
    """A file behind an output port of a registry in memory."""

    client: Client
    schema: Mapping[str, str]


def open_client() -> tuple[Client, FastAPI]:
    os.environ.update(ENVIRONMENT)
    return create_function_client("domains", resources()), import_app("domains")


def compare(client: Client, app: FastAPI, expected: Expected) -> int:
    """Return how many cells were compared. Raises Refused, Wrong."""
    registry = mesh()
    port = {"location": "domains/sales/orders/", "format": expected.format}
    try:
        add_product(registry, "orders", schema=expected.schema, output_port=port)
    except ValidationError as error:
        raise Refused(f"registration: {error.errors()[0]['msg']}") from None
    except MeshError as error:
        raise Refused(f"registration: {error}") from None
    files = {f"sales/orders/{expected.name}": expected.body}
    app.state.resources = resources(registry, files, max_scan_bytes=MAX_SCAN_BYTES)
    compared = compare_pages(client, expected)
    for form, decode in DECODERS.items():
        answer = get(client, limit=PAGE_ROWS, format=form)
        cut = len(expected.rows) > PAGE_ROWS or "x-next-cursor" in answer.headers
        found = decode(answer.content, expected)
        if not cut and len(found) != len(expected.rows):
            raise Wrong(f"{form}: {len(found)} rows of {len(expected.rows)}")
        compared += compare_rows(form, expected, expected.rows[: len(found)], found, SHOW[form])
    return compared


def compare_pages(client: Client, expected: Expected) -> int:
    begin, compared = 0, 0
    cursor: dict[str, str] = {}
    while True:
        answer = get(client, limit=PAGE_ROWS, **cursor)
        found = [tuple(row.values()) for row in answer.body]
        if answer.body and list(answer.body[0]) != list(expected.schema):
            raise Wrong("JSON: other columns")
        rows = expected.rows[begin : begin + len(found)]
        compared += compare_rows("JSON", expected, rows, found, show_in_json)
        begin += len(found)
        if "x-next-cursor" not in answer.headers:
            if begin != len(expected.rows):
                raise Wrong(f"JSON: {begin} rows of {len(expected.rows)}")
            return compared
        if begin >= MAX_ROWS:
            return compared
        cursor = {"cursor": answer.headers["x-next-cursor"]}


def get(client: Client, **query: object) -> Any:
    answer = client.get(PATH, **query)
    if answer.status in (413, 422, 424):
        raise Refused(answer.body["message"])
    if answer.status != 200:
        raise Wrong(f"{answer.status}: {answer.content[:200]!r}")
    return answer


type Show = Callable[[Any], tuple[Any, ...]]
"""Value -> what a format may show it as."""


def compare_rows(
    form: str,
    expected: Expected,
    rows: Sequence[tuple[Any, ...]],
    found: Sequence[tuple[Any, ...]],
    show: Show,
) -> int:
    if len(rows) != len(found):
        raise Wrong(f"{form}: more rows than the file has")
    for number, (wanted, got) in enumerate(zip(rows, found, strict=True)):
        for name, value, cell in zip(expected.schema, wanted, got, strict=True):
            if not any(type(cell) is type(each) and cell == each for each in show(value)):
                raise Wrong(f"{form}: row {number}, column {name!r}: {value!r} is {cell!r}")
    return len(rows) * len(expected.schema)


def show_in_json(value: Any) -> tuple[Any, ...]:
    match value:
        case float():
            # JSON does not tell 1 from 1.0.
            if not isfinite(value):
                return (repr(value).replace("inf", "Infinity"),)
            return (value, int(value)) if value == int(value) else (value,)
        case date():
            return (value.isoformat(),)
    return (value,)


def show_in_csv(value: Any) -> tuple[Any, ...]:
    match value:
        case None:
            return ("",)
        case bool():
            return (str(value).lower(),)
        case str():
            is_formula = value.startswith(FORMULA) or value.lstrip().startswith(FORMULA)
            return (f"'{value}",) if is_formula else (value,)
        case date():
            return (value.isoformat(),)
    return (value,)


def show_as_is(value: Any) -> tuple[Any, ...]:
    return (value,)


def decode_json(body: bytes, expected: Expected) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in json.loads(body)]


def decode_lines(body: bytes, expected: Expected) -> list[tuple[Any, ...]]:
    return [tuple(json.loads(line).values()) for line in body.split(b"\n") if line]


def decode_csv(body: bytes, expected: Expected) -> list[tuple[Any, ...]]:
    header, *rows = csv.reader(io.StringIO(body.decode(), newline=""), strict=True)
    kinds = list(expected.schema.values())
    if [re.sub("^'", "", name) for name in header] != [
        re.sub("^'", "", name) for name in expected.schema
    ]:
        raise Wrong("csv: other columns")
    readers = {"bigint": int, "double": float}
    return [
        tuple(
            readers.get(kind, str)(cell) if cell else ""
            for cell, kind in zip(row, kinds, strict=True)
        )
        for row in rows
    ]


def decode_parquet(body: bytes, expected: Expected) -> list[tuple[Any, ...]]:
    return to_rows(pq.read_table(io.BytesIO(body)))


def decode_arrow(body: bytes, expected: Expected) -> list[tuple[Any, ...]]:
    return to_rows(pa.ipc.open_stream(body).read_all())


def to_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


DECODERS: dict[str, Callable[[bytes, Expected], list[tuple[Any, ...]]]] = {
    "json": decode_json,
    "jsonl": decode_lines,
    "csv": decode_csv,
    "parquet": decode_parquet,
    "arrow": decode_arrow,
}
SHOW: dict[str, Show] = {
    "json": show_in_json,
    "jsonl": show_in_json,
    "csv": show_in_csv,
    "parquet": show_as_is,
    "arrow": show_as_is,
}
