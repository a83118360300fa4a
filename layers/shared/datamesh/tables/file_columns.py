"""The columns of files, which are found by their exact names or not at all.

DuckDB does not tell names apart that differ by case alone, calls the second of two equal names
otherwise, and has columns of its own that a file's would hide. So in its queries the columns of
files are called by their places: `col0`, `col1`, ...
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.columns import fold_case
from datamesh.models.ports import DataFormat
from datamesh.models.type_names import parse_type
from datamesh.models.types import DECIMAL_DIGITS
from datamesh.tables.arrow_schema import read_durations
from datamesh.tables.files import DataFile
from datamesh.tables.preamble import describe_hidden_lines
from datamesh.tables.readers import (
    read_csv_lines,
    select_arrow_schemas,
    select_csv_header,
    select_json_keys,
    select_parquet_schema,
)
from datamesh.tables.session import Session
from datamesh.tables.table import Column, Table

LEGACY_TIMESTAMPS = ("TIMESTAMP_MILLIS", "TIMESTAMP_MICROS")
"""Annotations of before logical types: in UTC, by the Parquet format's LogicalTypes.md."""

type FieldPaths = tuple[tuple[str, ...], ...]
"""The paths of all fields within a column, outermost name first."""
type Units = tuple[tuple[str, str], ...]
"""Names of columns that are durations, each with the unit that it counts."""


@dataclass(frozen=True)
class StoredType:
    """The type of a column of Parquet files."""

    name: str
    """The type as DuckDB names it."""
    is_utc: bool = False
    """It is a timestamp in UTC that DuckDB takes for one without a zone."""
    precision: int = 0
    """The digits of a decimal that is wider than DuckDB's, which reads it as a double; else 0."""
    physical: str = ""
    """The type of its cells in the file, such as INT96; empty for nested ones."""
    duration_unit: str = ""
    """The unit of a duration, if that was asked for and is known."""


@dataclass(frozen=True)
class FileGroup:
    """Files that one reader can read: of one compression, and with the same columns."""

    compression: str
    names: tuple[str, ...]
    """The columns in the files themselves, without those of folders."""
    indexes: Sequence[int]
    where: str
    """The name of the first file, for error messages."""
    fields: tuple[FieldPaths, ...] = ()
    """The fields within each column of Parquet files; empty for other files."""
    types: tuple[StoredType, ...] = ()
    """The type of each column of Parquet files; empty for other files."""
    has_keys: bool = False
    """The names are keys of JSON Lines, in which blanks at the ends count: DuckDB finds those that
    are equal."""

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        return _index_places(self.names)

    @cached_property
    def _trimmed_places(self) -> dict[str, list[int]]:
        return {} if self.has_keys else _index_places(name.strip() for name in self.names)

    def find_place(self, column: Column) -> int | None:
        """Return the place of a column, from 0; None if the files do not have it.

        Names in schemas have no blanks at their ends, so those of a file's names do not count
        unless only they tell two columns apart. Raises UnreadableDataset if nothing does.
        """
        places = self._places.get(column.name) or self._trimmed_places.get(column.name, [])
        if len(places) > 1 and column.registered_type:
            raise UnreadableDataset(
                f"{self.where}: {len(places)} columns are called '{column.name}'"
            )
        return places[0] if places else None

    def has_column(self, name: str) -> bool:
        """Return True if a column of this name is there, whether once or several times."""
        return name in self._places or name in self._trimmed_places

    def list_others(self, columns: Iterable[Column]) -> list[str]:
        """Return the names of the files' columns that are none of these."""
        places = {self.find_place(column) for column in columns}
        return [name for place, name in enumerate(self.names) if place not in places]


def _index_places(names: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name, []).append(place)
    return found


def require_distinct_fields(groups: Iterable[FileGroup], column: Column) -> None:
    """Raise UnreadableDataset if fields within a column of Parquet files differ by case alone.

    DuckDB would call one of them otherwise, or take those of two files for one.
    """
    paths: dict[tuple[str, ...], tuple[str, ...]] = {}
    for group in groups:
        place = group.find_place(column)
        fields = group.fields[place] if group.fields and place is not None else ()
        is_repeated = len(set(fields)) < len(fields)
        for path in set(fields):
            folded = tuple(map(fold_case, path))
            if is_repeated or paths.setdefault(folded, path) != path:
                raise UnreadableDataset(
                    f"{group.where}, column '{column.name}': two fields within it, here or in"
                    " another file, differ by upper and lower case at most"
                )


def complete_names(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return the names of a file's columns; one without a name is called by its place: `column0`.

    R and pandas write the numbers of rows into such a column.
    """
    return tuple(
        name if name and name.strip() else f"column{place}" for place, name in enumerate(names)
    )


def group_files(session: Session, table: Table, files: Sequence[DataFile]) -> list[FileGroup]:
    """Return all files of a scan in groups that can be read together.

    Raises UnreadableDataset, and what a read raises.
    """
    if table.format is DataFormat.PARQUET:
        return group_parquet_files(session, table.columns, range(len(files)))
    found: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for index in range(len(files)):
        names = read_header(session, table, index)
        found.setdefault((session.files.find_read_compression(index), names), []).append(index)
    groups = []
    for (compression, names), indexes in found.items():
        has_keys = table.format is DataFormat.JSONL
        if has_keys:
            keys = session.fetch_rows(select_json_keys(indexes, compression))
            names = tuple(name for (name,) in keys)
        where = session.scan.get_name(indexes[0])
        groups.append(FileGroup(compression, names, indexes, where, has_keys=has_keys))
    return groups


def read_header(session: Session, table: Table, index: int) -> tuple[str, ...]:
    """Return the columns of a CSV file, by its header or else the schema; none of other text.

    Raises UnreadableDataset, and what a read raises.
    """
    if table.format is not DataFormat.CSV:
        return ()
    compression = session.files.find_read_compression(index)
    if compression == "zstd":
        _check_first_lines(session, table, index)
    header = select_csv_header(index, compression, table.dialect, session.csv_buffer_bytes)
    rows = session.fetch_rows(header)
    if table.dialect.header or not rows:
        return complete_names(rows[0]) if rows else ()
    names = table.names_in_files or tuple(each.name for each in table.list_file_columns())
    if len(rows[0]) != len(names):
        raise UnreadableDataset(
            f"{session.scan.get_name(index)}: expected {len(names)} columns, as in the schema,"
            f" found {len(rows[0])}"
        )
    return names


def _check_first_lines(session: Session, table: Table, index: int) -> None:
    """Raise UnreadableDataset if DuckDB would not find the first row of a .zst file.

    It unpacks such a file itself, so that nothing can be dropped before.
    """
    lines = read_csv_lines(index, "zstd", count=table.dialect.skip + 1)
    found = [line for (line,) in session.fetch_rows(lines)]
    if problem := describe_hidden_lines(found, table.dialect):
        raise UnreadableDataset(
            f"{session.scan.get_name(index)}, {problem}; compress it as .gz, which is read so"
        )


def group_parquet_files(
    session: Session, columns: Iterable[Column], indexes: Sequence[int]
) -> list[FileGroup]:
    """Return Parquet files in groups whose columns have the same names and types in the same order.

    They are read from the footers; of durations the units too, if some of `columns` are registered
    as durations. Raises as a read does.
    """
    rows = session.fetch_rows(select_parquet_schema(indexes))
    units = _read_units(session, indexes) if any(map(is_duration, columns)) else {}
    found: dict[tuple[Units, tuple[tuple[object, ...], ...]], list[int]] = {}
    for file, (path, elements) in enumerate(groupby(rows, lambda row: row[0])):
        schema = tuple(row[1:] for row in elements)
        found.setdefault((units.get(str(path), ()), schema), []).append(indexes[file])
    return [
        _build_parquet_group(elements, dict(known), files, session.scan.get_name(files[0]))
        for (known, elements), files in found.items()
    ]


def is_duration(column: Column) -> bool:
    """Return True if a column is registered as a duration of a unit."""
    found = parse_type(column.registered_type)
    return found.unit is not None and found.name in ("duration", "timedelta64")


def _read_units(session: Session, indexes: Sequence[int]) -> dict[str, Units]:
    """Return path of a file -> its columns that are durations, each with its unit."""
    return {
        str(path): tuple((way[0], unit) for way, unit in durations.items() if len(way) == 1)
        for path, schema in session.fetch_rows(select_arrow_schemas(indexes))
        if isinstance(schema, bytes) and (durations := read_durations(schema))
    }


def _build_parquet_group(
    elements: Sequence[tuple[object, ...]],
    units: Mapping[str, str],
    files: list[int],
    where: str,
) -> FileGroup:
    """Return a group; `elements` are the parts of a Parquet schema, each before those within it.

    `units` are those of its durations, by the names of columns.
    """
    names: list[str] = []
    fields: list[list[tuple[str, ...]]] = []
    path: list[str] = []
    types: list[StoredType] = []
    missing: list[int] = []
    """How many parts are still to come of each one that the path is made of."""
    for name, children, *described in elements:
        while missing and not missing[-1]:
            missing.pop()
            path.pop()
        if len(missing) == 1:
            names.append(str(name))
            fields.append([])
            found = _find_type(*described)
            types.append(replace(found, duration_unit=units.get(str(name), "")))
        elif missing:
            fields[-1].append((*path[2:], str(name)))
        if missing:
            missing[-1] -= 1
        path.append(str(name))
        missing.append(int(str(children or 0)))
    return FileGroup(
        "none", complete_names(names), files, where, tuple(map(tuple, fields)), tuple(types)
    )


def _find_type(
    physical: object, found: object, annotation: object, logical: object, precision: object
) -> StoredType:
    digits = int(str(precision or 0))
    is_utc = annotation in LEGACY_TIMESTAMPS and logical is None
    precision = digits if digits > DECIMAL_DIGITS else 0
    return StoredType(str(found or ""), is_utc, precision, str(physical or ""))
