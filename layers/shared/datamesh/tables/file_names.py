"""The names by which files of a folder are data, judged as Hive and Spark judge them."""

import re
from collections.abc import Iterable

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.ports import DELTA_LOG_FOLDER, DataFormat

EXTENSIONS = {
    "parquet": DataFormat.PARQUET,
    "parq": DataFormat.PARQUET,
    "pq": DataFormat.PARQUET,
    "csv": DataFormat.CSV,
    "tsv": DataFormat.CSV,
    "jsonl": DataFormat.JSONL,
    "ndjson": DataFormat.JSONL,
    "json": DataFormat.JSONL,
}
COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}
"""Last extension of a file's name -> the compression as DuckDB names it."""
OTHER_COMPRESSIONS = frozenset({"bz2", "xz", "lz4", "snappy", "lzo", "br", "z", "zip", "7z"})
OTHER_EXTENSIONS = frozenset(
    """
    txt md rst html htm pdf xml yaml yml toml ini cfg log py ipynb sql sh avro orc arrow arrows
    feather xlsx xls ods docx tar tgz crc md5 sha256 sum png jpg jpeg gif svg db sqlite duckdb pkl
    pickle npy npz h5 tmp bak swp lock
    """.split()  # noqa: SIM905  # a list of 50 lines is not read
)
"""Extensions of files that hold no rows, or rows in a form that is not read."""
DOCUMENTS = frozenset({"readme", "license", "changelog", "manifest", "notice", "makefile"})
"""Names of files without an extension that hold no rows."""
OTHER_TABLES = {
    "an Iceberg": re.compile(r"(^|/)metadata/[^/]+\.metadata\.json(\.gz)?$"),
    "a Hudi": re.compile(r"(^|/)\.hoodie/"),
}
"""Formats of tables that are not read -> the names of the files that tell what is current."""
FOLDER_MARKER = "_$folder$"
"""The end of the names of empty objects that Hadoop and EMR write beside folders."""


def is_hidden(name: str) -> bool:
    """Return True for files that Hive and Spark pass over: a part of the path begins so.

    That is a dot, or an underscore unless it is a folder of a partition: `_SUCCESS`,
    `_delta_log/0.json`, `.ipynb_checkpoints/a.csv`, but not `_day=1/a.csv`.
    """
    *folders, base = name.split("/")
    if not base or base.startswith(("_", ".")) or base.endswith((FOLDER_MARKER, "._COPYING_")):
        return True
    return any(part.startswith(".") or (part[:1] == "_" and "=" not in part) for part in folders)


def is_delta_commit(name: str) -> bool:
    """Return whether a file of a folder is named as a commit of a Delta table is."""
    base = name.removeprefix(DELTA_LOG_FOLDER)
    return base != name and base.endswith(".json") and base[:-5].isdigit()


def refuse_other_tables(folder: str, names: Iterable[str]) -> None:
    """Raise UnreadableDataset if files of a folder are of a table whose format is not read.

    Which of its files are current, the folder does not tell: read as such, rows that were deleted
    or replaced would be there, too.
    """
    for table, pattern in OTHER_TABLES.items():
        if any(map(pattern.search, names)):
            raise UnreadableDataset(
                f"{folder} is {table} table, which is not read: not all of its files need be"
                " current, and the folder does not tell which are. Write its current rows to a"
                " folder of Parquet files, or to a Delta table"
            )


def find_compression(name: str) -> str:
    """Return the compression that a file's name tells, as DuckDB names it: `a.csv.gz` -> `gzip`."""
    return COMPRESSIONS.get(_split_extension(name)[1], "none")


def detect_format(name: str) -> DataFormat | None:
    """Return the format that the extension of a file tells, compressed or not; None if none."""
    base, extension = _split_extension(name)
    if extension in COMPRESSIONS or extension in OTHER_COMPRESSIONS:
        extension = _split_extension(base)[1]
    return EXTENSIONS.get(extension)


def is_data_of(name: str, expected: DataFormat) -> bool:
    """Return True if a file that is not hidden is data in a format.

    What has no extension that tells otherwise is. Raises UnreadableDataset if its compression is
    not read.
    """
    base, extension = _split_extension(name)
    is_packed = extension in COMPRESSIONS or extension in OTHER_COMPRESSIONS
    found = detect_format(name)
    if found is expected and extension in OTHER_COMPRESSIONS:
        raise UnreadableDataset("its compression is not read; .gz and .zst are")
    if found is expected and is_packed and expected is DataFormat.PARQUET:
        raise UnreadableDataset("a Parquet file that is compressed as a whole is not read")
    if found or extension in OTHER_COMPRESSIONS or (is_packed and expected is DataFormat.PARQUET):
        return found is expected
    plain, inner = _split_extension(base) if is_packed else (base, extension)
    return inner not in OTHER_EXTENSIONS and (bool(inner) or plain not in DOCUMENTS)


def _split_extension(name: str) -> tuple[str, str]:
    """Return the last part of a path without its extension, and that, both in lower case."""
    base = name.rpartition("/")[2].lower()
    stem, dot, extension = base.rpartition(".")
    return (stem, extension) if dot else (base, "")
