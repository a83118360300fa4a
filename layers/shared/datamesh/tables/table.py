"""The facts of a dataset before any of its files is opened."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.columns import find_clash
from datamesh.models.csv_dialect import RFC_4180, CsvDialect
from datamesh.models.ports import DataFormat
from datamesh.models.types import Kind, find_kind
from datamesh.tables.query import Filter, Query
from datamesh.tables.sql_types import has_scale


def find_cell_format(dialect: CsvDialect, registered_type: str) -> str:
    """Return how a dialect writes the cells of a type; empty for ISO 8601 and for other types."""
    kind = find_kind(registered_type)
    if kind is Kind.DATE:
        return dialect.date_format or ""
    return (dialect.timestamp_format or "") if kind is Kind.TIMESTAMP else ""


@dataclass(frozen=True)
class Column:
    """A column of a dataset, and its type in the product's schema."""

    name: str
    registered_type: str = ""
    """Empty for a column that is not in the schema."""
    is_document: bool = False
    """The column is an `object` of JSON, not of pandas, which is text."""
    cell_format: str = ""
    """How dates or timestamps are written in text files; empty for ISO 8601."""

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
    dialect: CsvDialect = RFC_4180
    """The form of the files if they are CSV."""
    names_in_files: tuple[str, ...] = ()
    """The columns of CSV files without a header, those too that are not to be read."""

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

    def list_file_columns(self) -> tuple[Column, ...]:
        """Return the columns that the files themselves have, if they are as the schema says."""
        return tuple(column for column in self.columns if column.name not in self.partitions)

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
        is_whole = bool(query.orders) or query.aggregation is not None
        return is_whole or bool(self.find_data_filters(query))
