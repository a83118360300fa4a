"""Reads of stored files, within a budget and counted. Knows nothing of DuckDB."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from datamesh.errors import MeshError, ScanTooLarge
from datamesh.models.ports import DataFormat
from datamesh.storage.backoff import OUT_OF_TIME
from datamesh.storage.folders import Folder, StoredFile

WHOLE_FILE_BYTES = 1024 * 1024
"""A file of at most this is read in one GET: S3 takes 15 to 30 ms to begin an answer, in which a
function could have received more than this."""
PARQUET_READ_BYTES = 64 * 1024
TEXT_READ_BYTES = 4 * 1024 * 1024
"""The least that one GET asks for. Text is read from front to back, Parquet here and there."""
REPEATED = 8
"""A Parquet file's footer, and what a read was rounded up to, may be read twice: one part in so
many is not held against a query that could be afforded."""
KEPT_READS = 4
"""How many answers of a large file are kept: the next read often begins within the last."""
FETCHERS = 8


class Scan:
    """The files that one query may read, and what it has read of them."""

    def __init__(
        self, folder: Folder, files: Sequence[StoredFile], form: DataFormat, max_bytes: int
    ) -> None:
        self.files = files
        self.max_bytes = max_bytes
        self.failure: MeshError | None = None
        """The first one, which DuckDB reports in words of its own; nothing is read after it."""
        self._folder = folder
        self._least = PARQUET_READ_BYTES if form is DataFormat.PARQUET else TEXT_READ_BYTES
        self._lock = threading.Lock()
        self._bytes = 0
        self._kept: dict[int, list[tuple[int, bytes]]] = {}
        self._touched: set[int] = set()

    @property
    def bytes_read(self) -> int:
        return self._bytes

    @property
    def files_read(self) -> int:
        return len(self._touched)

    def name(self, index: int) -> str:
        return self._folder.name + self.files[index].name

    def afford(self, files: Sequence[int]) -> None:
        """Raises ScanTooLarge if these files are more than what is left of the budget."""
        size = sum(self.files[index].size for index in files)
        if self._bytes + size > self.max_bytes:
            raise ScanTooLarge(
                f"The query would read {size} bytes of {len(files)} files, more than the"
                f" {self.max_bytes} (MAX_SCAN_BYTES) that one query may; filter by a partition"
            )

    def stop(self) -> None:
        """The query has taken too long."""
        self.failure = self.failure or _too_long()

    def fetch(self, files: Sequence[int]) -> None:
        """Read those that are small at the same time, ahead of their use."""
        small = [i for i in files if self.files[i].size <= WHOLE_FILE_BYTES and i not in self._kept]
        if len(small) < 2:
            return
        with ThreadPoolExecutor(FETCHERS) as pool:
            list(pool.map(lambda index: self.read(index, 0, 1), small))

    def read(self, index: int, start: int, length: int) -> bytes:
        """Fewer bytes than asked for at the end of the file. By several threads at once.

        Raises ScanTooLarge, StorageUnavailable; the first failure is kept.
        """
        if self.failure:
            raise self.failure
        file = self.files[index]
        length = max(0, min(length, file.size - start))
        for begin, content in self._kept.get(index, ()):
            if begin <= start and start + length <= begin + len(content):
                return content[start - begin : start - begin + length]
        begin, size = self._extent(file, start, length)
        try:
            content = self._get(index, file, begin, size)
        except MeshError as error:
            # Storage that has answered before is not what the time was spent on.
            late = error.__cause__ is OUT_OF_TIME and self._kept
            self.failure = self.failure or (_too_long() if late else error)
            raise self.failure from error
        return content[start - begin : start - begin + length]

    def _extent(self, file: StoredFile, start: int, length: int) -> tuple[int, int]:
        if file.size <= WHOLE_FILE_BYTES:
            return 0, file.size
        begin = min(start, max(0, file.size - self._least))
        return begin, max(start + length - begin, min(self._least, file.size - begin))

    def _get(self, index: int, file: StoredFile, begin: int, size: int) -> bytes:
        with self._lock:
            if self._bytes + size > self.max_bytes + self.max_bytes // REPEATED:
                raise ScanTooLarge(
                    f"The query reads more than {self.max_bytes} bytes (MAX_SCAN_BYTES);"
                    " filter by a partition, or ask for fewer columns"
                )
            self._bytes += size
            self._touched.add(index)
        content = self._folder.part(file, begin, size)
        with self._lock:
            kept = [*self._kept.get(index, ()), (begin, content)]
            self._kept[index] = kept[-KEPT_READS:]
        return content


def _too_long() -> ScanTooLarge:
    return ScanTooLarge("The query took too long; filter by a partition, or ask for less")
