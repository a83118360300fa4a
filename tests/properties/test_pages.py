"""Pages of rows of generated files against sorted and filtered lists.

PAGE_EXAMPLES=n reads n other datasets. Each has 15 to 27 page sequences.
"""

import json
import operator
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import inf, isinf, isnan, nan
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamesh.models.ports import DataFormat
from datamesh.services.datasets.reading import Dataset, read_page
from datamesh.storage.folders import MemoryFolder
from datamesh.tables.budget import ScanBudget
from datamesh.tables.files import list_data_files
from datamesh.tables.query import parse_query
from datamesh.tables.table import Column, Table
from tests.contexts import NO_DEADLINE
from tests.meshes import CURSOR_KEY, add_product, mesh
from tests.properties.written_files import WRITERS

EXAMPLES = int(os.environ.get("PAGE_EXAMPLES") or 0)
CI_EXAMPLES = 195
LEAST_SEQUENCES = 5000
"""The page sequences that a run of `make verify` reads at least."""
LIMITS = (1, 2, 3, 5, 100)
EPOCH = datetime(1970, 1, 1)
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "_ne": operator.ne,
    "_gt": operator.gt,
    "_gte": operator.ge,
    "_lt": operator.lt,
    "_lte": operator.le,
}


@dataclass(frozen=True)
class Type:
    registered: str
    arrow: Any
    values: st.SearchStrategy[Any]
    write: Callable[[Any], str] = str
    """How a filter's value is written."""


def integers(bits: int, signed: bool = True) -> st.SearchStrategy[int]:
    least, greatest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.sampled_from([least, greatest, 0, 1, 2]) | st.integers(least, greatest)


def decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    units = st.sampled_from([-most, most, 0, 1, -1]) | st.integers(-most, most)
    return units.map(lambda number: Decimal(f"{number}e-{scale}"))


def floats(width: int) -> st.SearchStrategy[float]:
    edges = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 2.0]
    return st.sampled_from(edges) | st.floats(width=width)  # type: ignore[arg-type]


def write_float(number: float) -> str:
    """Return a number as answers show it."""
    return repr(number).replace("inf", "Infinity") if isinf(number) else repr(number)


WORDS = st.sampled_from(["", "a", "A", "Z", "z", "\u00e9", "e", "\U0001f600", "a" * 70]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5
)
MOMENTS = st.integers(-(10**15), 4 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us))
TYPES = {
    "int8": Type("tinyint", pa.int8(), integers(8)),
    "int32": Type("integer", pa.int32(), integers(32)),
    "int64": Type("bigint", pa.int64(), integers(64)),
    "uint32": Type("bigint", pa.uint32(), integers(32, False)),
    "float": Type("float", pa.float32(), floats(32), write_float),
    "double": Type("double", pa.float64(), floats(64), write_float),
    "decimal9": Type("decimal(9,2)", pa.decimal128(9, 2), decimals(9, 2), lambda v: f"{v:f}"),
    "decimal38": Type(
        "decimal(38,10)", pa.decimal128(38, 10), decimals(38, 10), lambda v: f"{v:f}"
    ),
    "text": Type("string", pa.string(), WORDS),
    "boolean": Type("boolean", pa.bool_(), st.booleans(), lambda v: str(v).lower()),
    "date": Type("date", pa.date32(), st.dates(date(1, 1, 1), date(9999, 12, 31)), str),
    "timestamp": Type("timestamp", pa.timestamp("us"), MOMENTS, lambda v: v.isoformat()),
    "milliseconds": Type(
        "timestamp",
        pa.timestamp("ms"),
        MOMENTS.map(lambda v: v.replace(microsecond=v.microsecond // 1000 * 1000)),
        lambda v: v.isoformat(),
    ),
    "utc": Type(
        "timestamp",
        pa.timestamp("us", "UTC"),
        MOMENTS.map(lambda v: v.replace(tzinfo=UTC)),
        lambda v: v.isoformat().replace("+00:00", "Z"),
    ),
    "time": Type("time", pa.time64("us"), st.times(), lambda v: v.isoformat()),
}


@dataclass(frozen=True)
class Example:
    kind: Type
    files: tuple[tuple[str, tuple[Any, ...], int], ...]
    """Writer, values, and rows of a row group, of each file."""
    filters: tuple[tuple[str, Any], ...]

    @property
    def rows(self) -> list[Any]:
        return [value for _, values, _ in self.files for value in values]


@st.composite
def examples(draw: st.DrawFn) -> Example:
    kind = TYPES[draw(st.sampled_from(sorted(TYPES)))]
    pool = draw(st.lists(kind.values, min_size=1, max_size=6))
    value = st.sampled_from([None, *pool])
    files = st.tuples(
        st.sampled_from(sorted(WRITERS)),
        st.lists(value, min_size=1, max_size=6).map(tuple),
        st.sampled_from([2, 3, 100]),
    )
    asked = [each for each in pool if not is_null(each)]
    filters: list[tuple[str, Any]] = []
    if asked:
        wanted = st.tuples(st.sampled_from(sorted(OPERATORS)), st.sampled_from(asked))
        filters = draw(st.lists(wanted, min_size=2, max_size=2))
    return Example(kind, tuple(draw(st.lists(files, min_size=1, max_size=3))), tuple(filters))


def is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def list_expected(rows: Sequence[Any], chosen: tuple[str, Any] | None, order: str) -> list[int]:
    """The numbers of the rows that meet a filter, in an order."""
    found = [
        number
        for number, value in enumerate(rows)
        if chosen is None or (not is_null(value) and OPERATORS[chosen[0]](value, chosen[1]))
    ]
    if not order:
        return found
    values = [number for number in found if not is_null(rows[number])]
    nulls = [number for number in found if is_null(rows[number])]

    def key(number: int) -> Any:
        value = rows[number]
        return value.encode() if isinstance(value, str) else value

    return [*sorted(values, key=key, reverse=order.startswith("-")), *nulls]


def open_example(example: Example) -> Dataset:
    files, first = {}, 0
    for number, (writer, values, rows) in enumerate(example.files):
        numbers = range(first, first + len(values))
        first += len(values)
        files[f"{number}.parquet"] = WRITERS[writer](
            list(numbers), list(values), example.kind.arrow, rows
        )
    folder = MemoryFolder("domains/sales/orders/", files)
    registry = mesh()
    add_product(registry, "orders")
    product = registry.products.read(NO_DEADLINE).products["orders"].to_model()
    columns = (Column("i", "bigint"), Column("x", example.kind.registered))
    listed = list_data_files(folder, DataFormat.PARQUET, ())
    table = Table(DataFormat.PARQUET, columns)
    budget = ScanBudget(10**9, max_seconds=300)
    return Dataset(product, folder, table, listed.files, budget, lambda: CURSOR_KEY)


def page_through(
    dataset: Dataset, limit: int, order: str, filters: Sequence[tuple[str, str]], most: int
) -> list[int]:
    found: list[int] = []
    cursor = None
    for _ in range(most):
        query = parse_query(dataset.table.kinds, limit, cursor, "i", order or None, filters)
        page = read_page(dataset, query, "application/json")
        found += [row["i"] for row in json.loads(page.body)]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the pages never end")


def check_example(example: Example, limits: Sequence[int] = LIMITS) -> int:
    """Return how many page sequences were read and compared."""
    dataset, rows = open_example(example), example.rows
    sequences = 0
    for chosen in (None, *example.filters):
        asked = [(f"x{chosen[0]}", example.kind.write(chosen[1]))] if chosen else []
        for order in ("", "x", "-x"):
            expected = list_expected(rows, chosen, order)
            for limit in limits if chosen is None else limits[1:4:2] or limits:
                found = page_through(dataset, limit, order, asked, len(rows) + 2)
                assert found == expected, (asked, order, limit)
                sequences += 1
    return sequences


def test_pages_are_the_sorted_rows_once_each() -> None:
    sequences: list[int] = []

    @settings(
        max_examples=EXAMPLES or CI_EXAMPLES,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(examples())
    def check_pages(example: Example) -> None:
        sequences.append(check_example(example))

    check_pages()
    if not EXAMPLES:
        assert sum(sequences) >= LEAST_SEQUENCES
