"""The files of a product's data: those of its folder, or those that the log of its table names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from datamesh.errors.requests import RefusedParameters
from datamesh.models.ports import DELTA_LOG_FOLDER, DataFormat
from datamesh.models.products import Product
from datamesh.services.datasets.locations import find_location
from datamesh.storage.folders import Folder
from datamesh.tables.budget import ScanBudget
from datamesh.tables.files import DataFile, list_data_files


@dataclass(frozen=True)
class TableFiles:
    """The files that hold the rows of a table."""

    format: DataFormat
    """The format of the files themselves: Parquet if the table is one of Delta Lake."""
    files: Sequence[DataFile]
    partitions: tuple[str, ...]
    """The columns that the files' own values are told of beside them."""
    log_bytes: int = 0
    """How many bytes of a log were read to find them."""
    skipped: int = 0
    """How many files of the folder are neither data nor hidden."""


def find_table_files(
    open_folder: Callable[[str], Folder],
    product: Product,
    budget: ScanBudget,
    as_of: datetime | None,
) -> TableFiles:
    """Return the files of a product's data, as they are or were at a moment.

    Raises UnreadableDataset, StorageUnavailable, ScanTooLarge, RefusedParameters if only what is
    current can be told, VersionExpired.
    """
    port, location = product.output_port, find_location(product)
    if port and port.format is DataFormat.DELTA:
        return _find_delta_files(open_folder, location, list(product.schema_), budget, as_of)
    if as_of is not None:
        raise RefusedParameters({"as_of": "only the data of a Delta table has a past"})
    partitions = tuple(port.partitions) if port else ()
    expected = port.format if port else None
    folder = list_data_files(open_folder(location), expected, partitions)
    spent = 0
    if folder.format is DataFormat.PARQUET and folder.has_delta_log:
        spent = _refuse_delta_files(open_folder, location, budget, folder.files)
    return TableFiles(folder.format, folder.files, partitions, spent, folder.skipped)


def _refuse_delta_files(
    open_folder: Callable[[str], Folder],
    location: str,
    budget: ScanBudget,
    files: Sequence[DataFile],
) -> int:
    """Raise UnreadableDataset if files are read as such that are of a Delta table, and not current.

    Return how many bytes of its log were read to tell.
    """
    from datamesh.tables.delta import refuse_files_of_table  # for Delta tables alone

    stored = [each.file.name for each in files]
    return refuse_files_of_table(open_folder(location + DELTA_LOG_FOLDER), location, budget, stored)


def _find_delta_files(
    open_folder: Callable[[str], Folder],
    location: str,
    registered: Sequence[str],
    budget: ScanBudget,
    as_of: datetime | None,
) -> TableFiles:
    from datamesh.tables.delta import read_delta_version  # for Delta tables alone

    found = read_delta_version(open_folder(location + DELTA_LOG_FOLDER), location, budget, as_of)
    columns = found.table.list_partition_columns()
    partitions = tuple(name for name in columns if name in registered)
    files = found.table.list_files(partitions)
    return TableFiles(DataFormat.PARQUET, files, partitions, found.bytes_read)
