"""The proposals for columns by the rows of files, and who may see values of them (ADR 22).

All of it is proposed: whoever registers it decides, and other rows may differ.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.models.access import Role
from datamesh.models.columns import fold_case
from datamesh.models.inference import ColumnOrigin, InferredColumn
from datamesh.models.products import Product
from datamesh.models.type_names import Kind, find_kind
from datamesh.services.context import RequestContext
from datamesh.services.datasets.reading import DataAccess, Dataset, open_product_dataset
from datamesh.services.datasets.shared_places import find_sharing, list_all_products
from datamesh.services.registry.registry import Registry
from datamesh.tables.query import Query

MAX_READ_FILES = 4
MAX_READ_ROWS = 10_000
MAX_READ_SECONDS = 5.0
"""After this time no further file is begun."""
MIN_REQUIRED_ROWS = 10
"""The fewest rows by which anything is proposed."""
MIN_ROWS = 100
"""The fewest rows by which keys and values are proposed."""
MAX_ENUM = 20
MIN_TIMES = 10
"""How often each value of an enumeration is there on average, at least."""
MAX_ENUM_LENGTH = 50
KEY_KINDS = (Kind.TEXT, Kind.INTEGER, Kind.DATE)
ENUM_KINDS = (Kind.TEXT, Kind.INTEGER)
JSON = "application/json"


@dataclass
class ColumnValues:
    """The values of a column in the rows that were read."""

    rows: int = 0
    values: int = 0
    """How many are not null."""
    seen: set[str | int] = field(default_factory=set)
    is_plain: bool = True
    """True if all values are texts or integers."""

    def add_value(self, value: object) -> None:
        """Take the value of another row into account."""
        self.rows += 1
        if value is None:
            return
        self.values += 1
        if isinstance(value, str | int) and not isinstance(value, bool):
            self.seen.add(value)
        else:
            self.is_plain = False

    @property
    def is_required(self) -> bool:
        """True if there was no null."""
        return self.values == self.rows >= MIN_REQUIRED_ROWS

    @property
    def is_unique(self) -> bool:
        """True if the values could be a key."""
        return self.is_plain and len(self.seen) == self.values == self.rows >= MIN_ROWS

    @property
    def is_enum(self) -> bool:
        """True if there are few values, each of them often."""
        return (
            self.is_plain
            and 1 < len(self.seen) <= MAX_ENUM
            and self.values >= max(MIN_ROWS, MIN_TIMES * len(self.seen))
            and all(0 < len(str(value)) <= MAX_ENUM_LENGTH for value in self.seen)
        )


@dataclass(frozen=True)
class ColumnProposals:
    """The columns with what is proposed of them."""

    columns: list[InferredColumn]
    rows: int
    warnings: list[str]


def propose_columns(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    product: Product,
    columns: Sequence[InferredColumn],
    missing: set[str],
) -> ColumnProposals:
    """Return columns with what the rows of some files suggest of them.

    `product` is one that would serve them, and `missing` are columns that some files do not have.
    Raises PortRefused, StorageUnavailable.
    """
    try:
        dataset = open_product_dataset(context, registry, access, product, has_all_columns=True)
        found = _read_values(dataset)
    except (UnreadableDataset, ScanTooLarge) as error:
        return ColumnProposals(
            [*columns], 0, [f"no rows were read, so that nothing is proposed: {error}"]
        )
    rows = max((each.rows for each in found.values()), default=0)
    if rows < MIN_REQUIRED_ROWS:
        return ColumnProposals([*columns], rows, [])
    location = dataset.folder.name
    concealed = find_concealed_columns(context, registry, access, location)
    proposed: list[InferredColumn] = []
    for column in columns:
        values = found.get(column.name, ColumnValues())
        has_key = any(each.primary_key for each in proposed)
        changes = _propose(column, values, column.name in missing, has_key)
        if concealed is None or fold_case(column.name) in concealed:
            changes.pop("enum", None)
        proposed.append(column.model_copy(update=changes))
    said = f"`required`, `unique`, `primary_key` and `enum` are proposals by {rows} rows"
    return ColumnProposals(proposed, rows, [f"{said}: other rows may differ"])


def find_concealed_columns(
    context: RequestContext, registry: Registry, access: DataAccess, location: str
) -> frozenset[str] | None:
    """Return the restricted columns, case-folded, of products whose data is at a location.

    Returns None if there is one of which the caller may not read all columns.
    """
    concealed: set[str] = set()
    permissions = context.permissions
    records = list_all_products(context, registry, access.list_hidden)
    for record in find_sharing(records, location):
        product = record.to_model()
        if not permissions.can_read_rows(product):
            return None
        if product.restricted_columns and not permissions.has_role(Role.STEWARD, product.domain):
            return None
        concealed |= {fold_case(name) for name in product.restricted_columns}
    return frozenset(concealed)


def _propose(
    column: InferredColumn, values: ColumnValues, is_missing: bool, has_key: bool
) -> dict[str, Any]:
    """Return what is proposed of a column."""
    in_files = column.origin is ColumnOrigin.FILES
    # Footers mostly say nothing of nulls; lines of text and names of folders have been looked at.
    is_required = values.is_required and not is_missing
    changes: dict[str, Any] = {"required": True} if is_required else {}
    kind = find_kind(column.type)
    if in_files and kind in KEY_KINDS and is_required and values.is_unique:
        changes["unique"] = True
        if not has_key:
            changes["primary_key"] = 1
    elif in_files and kind in ENUM_KINDS and values.is_enum:
        changes["enum"] = sorted(values.seen, key=lambda value: (str(type(value)), value))
    return changes


def _read_values(dataset: Dataset) -> Mapping[str, ColumnValues]:
    """Return column -> values of the first rows of a few files, evenly spread.

    Raises UnreadableDataset, ScanTooLarge, StorageUnavailable.
    """
    from datamesh.tables.engine import encode_page  # DuckDB, for requests that need it

    files = dataset.files
    last = len(files) - 1
    steps = min(MAX_READ_FILES, len(files))
    chosen = [files[step * last // max(steps - 1, 1)] for step in range(steps)]
    end = time.monotonic() + MAX_READ_SECONDS
    found: dict[str, ColumnValues] = {}
    for file in chosen:
        if found and time.monotonic() > end:
            break
        query = Query(limit=MAX_READ_ROWS // len(chosen), is_whole=True)
        scan = dataset.open_scan([file])
        for row in json.loads(encode_page(scan, dataset.table, [file], query, None, JSON).body):
            for name, value in row.items():
                found.setdefault(name, ColumnValues()).add_value(value)
    return found
