"""Delta Lake tables: the files of the current version, or of the one at an earlier moment.

The log is read from the last complete checkpoint on: a Parquet file of the whole state, and a JSON
file for each commit since.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import RefusedParameters, ScanTooLarge
from datamesh.errors.storage import VersionExpired
from datamesh.models.ports import DELTA_LOG_FOLDER, DataFormat
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.budget import ScanBudget
from datamesh.tables.delta_actions import DeltaTable, find_commit_time, parse_actions
from datamesh.tables.scan import Scan

MAX_COMMITS = 256
"""How many commits since the last checkpoint are read. Writers make one every 10 or 100."""
MAX_LOG_BYTES = 8 * 1024 * 1024
COMMIT = re.compile(r"([0-9]{20})\.json")
CHECKPOINT = re.compile(r"([0-9]{20})\.checkpoint(?:\.[0-9]{10}\.([0-9]{10}))?\.parquet")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class DeltaVersion:
    """A version of a table, and what it took to find its files."""

    table: DeltaTable
    bytes_read: int


@dataclass(frozen=True)
class _Log:
    """The files of a log, by the version that each leads to."""

    commits: dict[int, StoredFile]
    checkpoints: dict[int, list[StoredFile]]

    def find_base(self, version: int) -> int:
        """Return the last checkpoint before or at a version; -1 if there is none."""
        return max((each for each in self.checkpoints if each <= version), default=-1)


def read_delta_version(
    log_folder: Folder, location: str, budget: ScanBudget, as_of: datetime | None
) -> DeltaVersion:
    """Return the version that is current, or was at a moment, of the table at a location.

    Raises UnreadableDataset, ScanTooLarge, RefusedParameters if the table is younger than the
    moment, VersionExpired if its log begins later, StorageUnavailable.
    """
    found = _read_log(log_folder, location, budget, as_of)
    found.table.check_readable()
    return found


def refuse_files_of_table(
    log_folder: Folder, location: str, budget: ScanBudget, files: Collection[str]
) -> int:
    """Refuse the files of a folder that is a Delta table, if they are not those that are current.

    Return how many bytes of the log were read to tell. Raises UnreadableDataset, ScanTooLarge,
    StorageUnavailable.
    """
    try:
        found = _read_log(log_folder, location, budget, None)
    except UnreadableDataset:
        return 0  # files of such names, and no log
    if not found.table.is_described:
        return 0
    found.table.check_readable()
    if {each.file.name for each in found.table.list_files(())} != set(files):
        raise UnreadableDataset(
            f"{location} is a Delta table, and not all of its files are current; give the output"
            " port the format 'delta'"
        )
    return found.bytes_read


def _read_log(
    log_folder: Folder, location: str, budget: ScanBudget, as_of: datetime | None
) -> DeltaVersion:
    log = _list_log(log_folder)
    if not log.commits and not log.checkpoints:
        raise UnreadableDataset(f"{location} has no {DELTA_LOG_FOLDER}: it is no Delta table")
    spent = 0
    if as_of is None:
        version = max([*log.commits, *log.checkpoints])
    else:
        version, spent = _find_version_at(log_folder, log, budget, as_of)
    base = log.find_base(version)
    wanted = range(base + 1, version + 1)
    missing = [each for each in wanted if each not in log.commits]
    if missing:
        raise UnreadableDataset(f"{log_folder.name} lacks {missing[0]:020}.json")
    commits = [log.commits[each] for each in wanted]
    parts = log.checkpoints.get(base, [])
    _check_size(location, [*commits, *parts], len(commits), budget, spent)
    table = DeltaTable(location)
    if parts:
        spent += _apply_checkpoint(table, log_folder, parts, budget)
    scan = Scan(log_folder, commits, DataFormat.JSONL, budget)
    scan.prefetch(range(len(commits)))
    for index in range(len(commits)):
        content = scan.read(index, 0, commits[index].size)
        table.apply_commit(parse_actions(content, scan.get_name(index)))
    return DeltaVersion(table, spent + scan.bytes_read)


def _list_log(folder: Folder) -> _Log:
    """Return the commits and the complete checkpoints of a log."""
    log, parts = _Log({}, {}), dict[int, dict[str, list[StoredFile]]]()
    for file in folder.list_files():
        if found := COMMIT.fullmatch(file.name):
            log.commits[int(found[1])] = file
        elif found := CHECKPOINT.fullmatch(file.name):
            of_version = parts.setdefault(int(found[1]), {})
            of_version.setdefault(found[2] or "1", []).append(file)
    for version, checkpoints in parts.items():
        complete = [files for count, files in checkpoints.items() if len(files) == int(count)]
        if complete:
            log.checkpoints[version] = complete[0]
    return log


def _find_version_at(
    folder: Folder, log: _Log, budget: ScanBudget, moment: datetime
) -> tuple[int, int]:
    """Return the last version that was committed by a moment, and how many bytes it took to tell.

    Commits are taken to be in the order of their times.
    """
    first = 0 if 0 in log.commits else min(log.checkpoints, default=0)
    versions = sorted(each for each in log.commits if each >= first)
    bound = replace(budget, max_bytes=min(budget.max_bytes, MAX_LOG_BYTES), max_files=None)
    scan = Scan(folder, [log.commits[each] for each in versions], DataFormat.JSONL, bound)

    def find_time(index: int) -> int:
        name, size = scan.get_name(index), scan.files[index].size
        return find_commit_time(scan.read(index, 0, size), name)

    wanted = (moment - EPOCH) // timedelta(milliseconds=1)
    found = bisect_right(range(len(versions)), wanted, key=find_time)
    if found:
        return versions[found - 1], scan.bytes_read
    if versions[:1] == [0]:
        begin = EPOCH + timedelta(milliseconds=find_time(0))
        text = begin.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        raise RefusedParameters({"as_of": f"the table begins at {text}"})
    raise VersionExpired(folder.name)


def _check_size(
    location: str, files: Sequence[StoredFile], commits: int, budget: ScanBudget, spent: int
) -> None:
    """Raise ScanTooLarge if more of a log would have to be read than one request may."""
    advice = "write a checkpoint of the table"
    if commits > MAX_COMMITS:
        raise ScanTooLarge(
            f"{location} has {commits} commits since its last checkpoint, more than the"
            f" {MAX_COMMITS} that one query may read; {advice}"
        )
    size, bound = sum(file.size for file in files) + spent, min(MAX_LOG_BYTES, budget.max_bytes)
    if size > bound:
        raise ScanTooLarge(
            f"{location}: {size} bytes of its Delta log would have to be read, more than the"
            f" {bound} that one query may; {advice}, or fewer and larger files"
        )


def _apply_checkpoint(
    table: DeltaTable, folder: Folder, parts: Sequence[StoredFile], budget: ScanBudget
) -> int:
    """Apply a checkpoint, and return how many bytes were read of it."""
    from datamesh.tables.delta_checkpoint import read_checkpoint  # DuckDB, where it is needed

    scan = Scan(folder, parts, DataFormat.PARQUET, replace(budget, max_files=None))
    table.apply_commit(read_checkpoint(scan, table))
    return scan.bytes_read
