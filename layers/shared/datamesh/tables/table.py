"""What is known of a dataset before a file of it is opened."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from datamesh.errors import UnreadableDataset
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind, find_kind
from datamesh.tables.query import Filter, Query
from datamesh.tables.sql import folded


@dataclass(frozen=True)
class Column:
    name: str
    registered: str = ""
    """The type in the schema; empty for a column that is not in it."""

    @property
    def kind(self) -> Kind:
        return find_kind(self.registered)


@dataclass(frozen=True)
class Table:
    """The columns of the schema, and those that only folders have."""

    form: DataFormat
    columns: tuple[Column, ...]
    partitions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
            if folded(column.name) in seen:
                raise UnreadableDataset(f"Two columns are called '{column.name}' but for the case")
            seen.add(folded(column.name))

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return {column.name: column.kind for column in self.columns}

    def named(self, names: Iterable[str]) -> tuple[Column, ...]:
        known = {column.name: column for column in self.columns}
        return tuple(known[name] for name in names)

    def filters_of_data(self, query: Query) -> list[Filter]:
        """Those that folders do not answer."""
        return [each for each in query.filters if each.column not in self.partitions]

    def needs_everything(self, query: Query) -> bool:
        """Whether every file may have to be looked into, however few rows are wanted."""
        return query.order is not None or bool(self.filters_of_data(query))
