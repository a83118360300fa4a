"""Reads of stored files, counted and within a budget. This module knows nothing of DuckDB."""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from datamesh.errors.base import MeshError
from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.csv_dialect import RFC_4180, CsvDialect
from datamesh.models.ports import DataFormat
from datamesh.storage.backoff import OUT_OF_TIME
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.budget import ScanBudget
from datamesh.tables.preamble import BYTE_ORDER_MARK, has_empty_first_line

logger = logging.getLogger(__name__)

WHOLE_FILE_BYTES = 1024 * 1024
"""The largest file that is read in one GET. S3 takes 15 to 30 ms to begin an answer; in that time
a function could receive more than this."""
PARQUET_READ_BYTES = 64 * 1024
"""The least that one GET of a Parquet file asks for. It is read here and there."""
TEXT_READ_BYTES = 4 * 1024 * 1024
"""The least that one GET of a text file asks for. It is read from front to back."""
REREAD_SHARE = 8
"""A query may read an eighth more than its budget: a Parquet file's footer, and bytes that a read
was rounded up to, may be read twice."""
KEPT_READS = 4
"""How many reads of a large file are kept. The next read often begins within the last."""
PREFETCH_THREADS = 8


class Scan:
    """The files that one query may read, and what it has read of them.

    `bytes_before` is what the query has read to find them: it counts too.
    """

    def __init__(
        self,
        folder: Folder,
        files: Sequence[StoredFile],
        form: DataFormat,
        budget: ScanBudget,
        bytes_before: int = 0,
        dialect: CsvDialect = RFC_4180,
    ) -> None:
        self.files = files
        self.budget = budget
        self.dialect = dialect
        """The form of the files if they are CSV."""
        self.has_dialect = form is DataFormat.CSV
        """The files are CSV."""
        self.dropped_lines: dict[int, int] = {}
        """Index of a file -> how many lines before its header or first row DuckDB has not seen."""
        self.normalises_newlines = False
        """Lines of CSV are made to end in one way, because DuckDB has found that they do not."""
        self.has_long_lines = False
        """Lines of CSV are longer than small buffers take, as DuckDB has found."""
        self.failure: MeshError | None = None
        """The first failure. DuckDB reports it in words of its own. Nothing is read after it."""
        self._form = form
        self._folder = folder
        self._min_read_bytes = PARQUET_READ_BYTES if form is DataFormat.PARQUET else TEXT_READ_BYTES
        self._lock = threading.Lock()
        self._bytes = bytes_before
        self._kept: dict[int, list[tuple[int, bytes]]] = {}
        self._read_files: set[int] = set()
        self._began: float | None = None

    @property
    def bytes_read(self) -> int:
        """How many bytes storage was asked for."""
        return self._bytes

    @property
    def files_read(self) -> int:
        """How many files were read, wholly or in part."""
        return len(self._read_files)

    @property
    def is_in_memory(self) -> bool:
        """True if what was read once can be read again without storage: no file is large."""
        return all(file.size <= WHOLE_FILE_BYTES for file in self.files)

    @property
    def folder_name(self) -> str:
        """The name of the files' folder, for error messages."""
        return self._folder.name

    def get_name(self, index: int) -> str:
        """Return the name of a file with its folder, for error messages."""
        return self._folder.name + self.files[index].name

    def check_budget(self, files: Sequence[int]) -> None:
        """Raise ScanTooLarge if these files are larger than what is left of the budget."""
        size = sum(self.files[index].size for index in files)
        self.budget.check_total(len(self._read_files.union(files)), self._bytes + size)

    def open_again(self) -> "Scan":
        """Return a scan of the same files in what is left of the time, with bytes of its own.

        What was kept of the files is not read again.
        """
        again = Scan(self._folder, self.files, self._form, self.budget, 0, self.dialect)
        again.normalises_newlines = self.normalises_newlines
        again.has_long_lines = self.has_long_lines
        again.dropped_lines = self.dropped_lines
        again._kept, again._began = self._kept, self._began
        return again

    def find_seconds_left(self) -> float:
        """Return how long further statements may take; the first call begins the time."""
        now = time.monotonic()
        self._began = self._began or now
        return max(0.0, self.budget.max_seconds - (now - self._began))

    def stop(self) -> None:
        """Refuse all further reads, because the query has taken too long."""
        self.failure = self.failure or self.budget.refuse_seconds()

    def refuse_file(self, index: int, reason: str, place: str = "") -> MeshError:
        """Keep the failure of a file that is damaged, and return it."""
        logger.warning("a file is refused: %s", reason)
        where = ", ".join(filter(None, (self.get_name(index), place)))
        error = UnreadableDataset(f"{where}: {reason}")
        self.failure = self.failure or error
        return self.failure

    def has_preamble(self, index: int) -> bool:
        """Return True if a file that is not compressed has lines that DuckDB is not to see.

        Raises as `read` does.
        """
        if not self.has_dialect or not (self.dialect.skip or self.dialect.header):
            return False
        if self.dialect.skip:
            return True
        start = self.read(index, 0, len(BYTE_ORDER_MARK) + 1)
        return has_empty_first_line(start)

    def prefetch(self, files: Sequence[int]) -> None:
        """Read the small ones of these files in parallel, before they are used."""
        small = [i for i in files if self.files[i].size <= WHOLE_FILE_BYTES and i not in self._kept]
        if len(small) < 2:
            return
        with ThreadPoolExecutor(PREFETCH_THREADS) as pool:
            list(pool.map(lambda index: self.read(index, 0, 1), small))

    def read(self, index: int, start: int, length: int) -> bytes:
        """Return bytes of a file, fewer than asked for at its end. Several threads may call it.

        Raises ScanTooLarge, StorageUnavailable. The first failure is kept, and raised ever after.
        """
        if self.failure:
            raise self.failure
        file = self.files[index]
        length = max(0, min(length, file.size - start))
        for begin, content in self._kept.get(index, ()):
            if begin <= start and start + length <= begin + len(content):
                return content[start - begin : start - begin + length]
        begin, size = self._choose_extent(file, start, length)
        try:
            content = self._read_part(index, file, begin, size)
        except MeshError as error:
            # If storage has answered before, it was the query that took all the time.
            late = error.__cause__ is OUT_OF_TIME and self._kept
            self.failure = self.failure or (self.budget.refuse_seconds() if late else error)
            raise self.failure from error
        return content[start - begin : start - begin + length]

    def _choose_extent(self, file: StoredFile, start: int, length: int) -> tuple[int, int]:
        """Return the first byte and the size of the GET that a read takes."""
        if file.size <= WHOLE_FILE_BYTES:
            return 0, file.size
        least = self._min_read_bytes
        begin = min(start, max(0, file.size - least))
        return begin, max(start + length - begin, min(least, file.size - begin))

    def _read_part(self, index: int, file: StoredFile, begin: int, size: int) -> bytes:
        with self._lock:
            most = self.budget.max_bytes
            if self._bytes + size > most + most // REREAD_SHARE:
                raise self.budget.refuse_bytes()
            self.budget.check_files(len(self._read_files) + (index not in self._read_files))
            self._bytes += size
            self._read_files.add(index)
        content = self._folder.read_range(file, begin, size)
        with self._lock:
            kept = [*self._kept.get(index, ()), (begin, content)]
            self._kept[index] = kept[-KEPT_READS:]
        return content
