"""What is known of a dataset before any of its files is opened."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from datamesh.errors import UnreadableDataset
from datamesh.models.columns import find_clash
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind, find_kind
from datamesh.tables.query import Filter, Query
from datamesh.tables.sql_types import has_scale


@dataclass(frozen=True)
class Column:
    """A column of a dataset, and its type in the product's schema."""

    name: str
    registered_type: str = ""
    """Empty for a column that is not in the schema."""
    is_document: bool = False
    """The column is an `object` of JSON, not of pandas, which is text."""

    @property
    def kind(self) -> Kind:
        """The kind of the registered type."""
        return Kind.OTHER if self.is_document else find_kind(self.registered_type)


@dataclass(frozen=True)
class Table:
    """The columns of a schema, and those that only folders have."""

    format: DataFormat
    columns: tuple[Column, ...]
    partitions: tuple[str, ...] = ()
    """The columns whose values are in the names of folders, outermost first."""

    def __post_init__(self) -> None:
        clash = find_clash(column.name for column in self.columns if column.registered_type)
        if clash:
            raise UnreadableDataset(
                f"The columns '{clash[0]}' and '{clash[1]}' of the schema differ by case alone"
            )

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Column -> the kind of its registered type."""
        return {column.name: column.kind for column in self.columns}

    def select_columns(self, names: Iterable[str]) -> tuple[Column, ...]:
        """Return the columns of these names, in their order. Raises KeyError for an unknown one."""
        known = {column.name: column for column in self.columns}
        return tuple(known[name] for name in names)

    def is_shown_as_written(self, column: Column) -> bool:
        """Return True for decimals in text files or folders' names without a scale in the schema.

        They are compared as numbers with 18 digits behind the point, which nobody wrote.
        """
        if column.kind is not Kind.DECIMAL or has_scale(column.registered_type):
            return False
        return self.format is not DataFormat.PARQUET or column.name in self.partitions

    def find_data_filters(self, query: Query) -> list[Filter]:
        """Return the filters that need the data, as the names of folders do not decide them."""
        return [each for each in query.filters if each.column not in self.partitions]

    def is_full_scan(self, query: Query) -> bool:
        """Return True if the query may need every file, however few rows it asks for."""
        return query.order is not None or bool(self.find_data_filters(query))
