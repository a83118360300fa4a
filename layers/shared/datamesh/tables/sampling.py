"""The schema of files, found by the footers and first bytes of a few of them. DuckDB is not needed.

No value leaves this module but the names of columns, which a file without a recognised header may
have among its values.
"""

import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.csv_dialect import CsvDialect
from datamesh.models.ports import DataFormat
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.csv_dialect import CsvSampler, SampledDialect
from datamesh.tables.file_names import find_compression
from datamesh.tables.inferred import FileColumn, widen_types
from datamesh.tables.json_sample import JsonSampler
from datamesh.tables.parquet_descriptions import read_descriptions
from datamesh.tables.parquet_schema import parse_columns, read_footer

MAX_SAMPLED_FILES = 16
"""How many files are looked at, evenly spread over all."""
SAMPLE_BYTES = 256 * 1024
"""How much of the beginning of a text file is read."""
MAX_UNPACKED_BYTES = 1024 * 1024
"""How much of what it decompresses to is looked at."""
MAX_CELLS = 10_000
"""How many cells of a text file are looked at."""
MAX_SAMPLE_SECONDS = 5.0
"""After this time no further file is begun."""
SAMPLE_THREADS = 8
MAX_DESCRIBED_FOOTER = 256 * 1024
"""The longest footer that descriptions are looked for in: they come after the statistics."""
GZIP_WBITS = 31


@dataclass
class SampledSchema:
    """The columns that sampled files have in common, and where they differ."""

    columns: list[FileColumn] = field(default_factory=list)
    dialect: SampledDialect | None = None
    """The form of the files, if they are CSV."""
    null_markers: list[str] = field(default_factory=list)
    files_read: int = 0
    bytes_read: int = 0
    notes: list[str] = field(default_factory=list)
    """Where files differ from each other and how that is bridged; names of files, no values."""
    refused: list[str] = field(default_factory=list)
    """Columns that no type could hold, and files that no reader read."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """Column -> description, as the first file or else the last has it."""
    missing: set[str] = field(default_factory=set)
    """The columns that some sampled files do not have."""


@dataclass
class _FileSample:
    """The schema that was read of a file, or why none can be."""

    name: str
    columns: list[FileColumn] = field(default_factory=list)
    content: bytes = b""
    is_whole: bool = False
    bytes_read: int = 0
    problem: str | None = None


def choose_sample(files: Sequence[StoredFile]) -> list[StoredFile]:
    """Return up to MAX_SAMPLED_FILES of the files, evenly spread, the first and last among them."""
    if len(files) <= MAX_SAMPLED_FILES:
        return list(files)
    last, steps = len(files) - 1, MAX_SAMPLED_FILES - 1
    return [files[step * last // steps] for step in range(MAX_SAMPLED_FILES)]


def sample_schema(
    folder: Folder,
    files: Sequence[StoredFile],
    data_format: DataFormat,
    dialect: CsvDialect | None = None,
) -> SampledSchema:
    """Return the schema of files of one format, as far as a sample of them tells.

    `dialect` is the form of CSV files, if it is known.

    Raises StorageUnavailable, or UnreadableDataset if no sampled file can be read.
    """
    chosen = choose_sample(files)
    end = time.monotonic() + MAX_SAMPLE_SECONDS
    merge = MERGERS[data_format]
    read = _read_footer if merge is _merge_parquet else _read_beginning

    def read_sample(file: StoredFile) -> _FileSample | None:
        return read(folder, file) if time.monotonic() < end else None

    with ThreadPoolExecutor(SAMPLE_THREADS) as pool:
        samples = [sample for sample in pool.map(read_sample, chosen) if sample]
    found = merge(samples, dialect)
    found.bytes_read = sum(sample.bytes_read for sample in samples)
    problems = [f"{each.name}: {each.problem}" for each in samples if each.problem]
    found.files_read = len(samples) - len(problems)
    if not found.files_read:
        raise UnreadableDataset("; ".join(f"{folder.name}{problem}" for problem in problems[:3]))
    found.refused += problems
    return found


def _read_footer(folder: Folder, file: StoredFile) -> _FileSample:
    sample = _FileSample(file.name)

    def read_range(start: int, length: int) -> bytes:
        sample.bytes_read += length
        return folder.read_range(file, start, length)

    try:
        footer = read_footer(read_range, file.size)
        sample.columns = parse_columns(footer)
        if len(footer) <= MAX_DESCRIBED_FOOTER:
            sample.content = footer
    except UnreadableDataset as error:
        sample.problem = str(error)
    return sample


def _read_beginning(folder: Folder, file: StoredFile) -> _FileSample:
    content = folder.read_range(file, 0, min(file.size, SAMPLE_BYTES))
    sample = _FileSample(file.name, bytes_read=len(content))
    sample.content, sample.is_whole = content, file.size <= SAMPLE_BYTES
    compression = find_compression(file.name)
    if compression == "zstd":
        sample.problem = (
            "is compressed with zstd, of which no sample can be read; register the product with its"
            " columns in `schema`, or store a file as gzip or uncompressed"
        )
    elif compression == "gzip":
        _unpack_gzip(sample)
    return sample


def _unpack_gzip(sample: _FileSample) -> None:
    unpack = zlib.decompressobj(GZIP_WBITS)
    try:
        sample.content = unpack.decompress(sample.content, MAX_UNPACKED_BYTES)
    except zlib.error:
        sample.problem = "its gzip stream is damaged"
    # Further members would follow what is unused.
    sample.is_whole = sample.is_whole and unpack.eof and not unpack.unused_data


def _merge_parquet(samples: list[_FileSample], dialect: CsvDialect | None) -> SampledSchema:
    readable = [sample for sample in samples if not sample.problem]
    types: dict[str, dict[str, str]] = {}
    """Column -> type -> the first file that has it so."""
    nullable: set[str] = set()
    within: dict[str, tuple[str, ...]] = {}
    for sample in readable:
        for column in sample.columns:
            types.setdefault(column.name, {}).setdefault(column.type, sample.name)
            if column.nullable:
                nullable.add(column.name)
            if column.durations_within:
                within[column.name] = column.durations_within
    repeated = {
        name
        for each in readable
        for name, times in Counter(column.name for column in each.columns).items()
        if times > 1
    }
    found = SampledSchema(refused=[f"column '{name}' is there twice" for name in sorted(repeated)])
    for each in {id(each): each for each in (readable[-1:] + readable[:1])}.values():
        found.descriptions |= read_descriptions(each.content)
    for name, by_type in types.items():
        if name in repeated:
            continue
        widened = widen_types(by_type)
        where = " and ".join(f"{kind} in {file}" for kind, file in list(by_type.items())[:4])
        if widened is None:
            found.refused.append(f"column '{name}': no type holds {where} exactly")
            continue
        if len(by_type) > 1:
            found.notes.append(f"column '{name}' is {where}: {widened} holds both exactly")
        missing = [
            each.name for each in readable if name not in {column.name for column in each.columns}
        ]
        if missing:
            found.missing.add(name)
            found.notes.append(
                f"column '{name}' is missing in {len(missing)} of {len(readable)} sampled files,"
                f" such as {missing[0]}: null there"
            )
        found.columns.append(
            FileColumn(name, widened, name in nullable or bool(missing), within.get(name, ()))
        )
    return found


def _merge_csv(samples: list[_FileSample], dialect: CsvDialect | None) -> SampledSchema:
    sampler = CsvSampler(MAX_CELLS, dialect)
    _add_contents(samples, sampler)
    columns = sampler.build_columns()
    repeated = sampler.repeated
    partly = [name for name, files in sampler.in_files.items() if files < sampler.files]
    return SampledSchema(
        [column for column in columns if column.name not in repeated],
        sampler.dialect,
        sampler.find_null_markers(),
        refused=[f"column '{name}' is there twice" for name in sorted(repeated)],
        notes=[f"column '{name}' is missing in some sampled files: null there" for name in partly],
    )


def _merge_json(samples: list[_FileSample], dialect: CsvDialect | None) -> SampledSchema:
    sampler = JsonSampler(MAX_CELLS)
    _add_contents(samples, sampler)
    return SampledSchema(sampler.build_columns())


def _add_contents(samples: list[_FileSample], sampler: CsvSampler | JsonSampler) -> None:
    """Add what was read of each file. A file that cannot be understood is marked so."""
    for sample in samples:
        if sample.problem:
            continue
        try:
            sampler.add_content(sample.content, whole=sample.is_whole)
        except UnreadableDataset as error:
            sample.problem = str(error)


MERGERS: Mapping[DataFormat, Callable[[list[_FileSample], CsvDialect | None], SampledSchema]] = {
    DataFormat.PARQUET: _merge_parquet,
    DataFormat.DELTA: _merge_parquet,
    DataFormat.CSV: _merge_csv,
    DataFormat.JSONL: _merge_json,
}
"""Format -> what makes one schema of the samples of files."""
