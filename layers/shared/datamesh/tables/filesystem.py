"""The file system that DuckDB sees: the files of a scan as `mesh://<index>`, and a result file.

DuckDB never sees a stored file's name, and no path leads to a file outside of the scan.
"""

import io
import threading
from datetime import UTC, datetime
from typing import Any

from fsspec.spec import AbstractFileSystem

from datamesh.models.csv_dialect import CsvEncoding
from datamesh.tables.compressed import CompressedFile
from datamesh.tables.file_names import find_compression
from datamesh.tables.scan import Scan

PROTOCOL = "mesh"
ROOT = f"{PROTOCOL}://"
RESULT = f"{ROOT}result"
"""The one path that DuckDB may write to."""
MODIFIED_AT = datetime(2000, 1, 1, tzinfo=UTC)


def build_path(index: int) -> str:
    """Return the path of a file: `0` -> `mesh://0`."""
    return f"{ROOT}{index}"


class MeshFile(io.RawIOBase):
    """A file that several threads of DuckDB read, in one of two ways.

    Either each read follows a seek of the same thread, while other threads seek and read
    elsewhere, or each read begins where the last one ended, on whatever thread. So a seek holds
    for its own thread, until a read without one shows the second way: then all earlier seeks are
    void.
    """

    def __init__(self, files: "MeshFiles", scan: Scan, index: int) -> None:
        super().__init__()
        self._files = files
        self._scan = scan
        self._index = index
        self._position = 0
        self._sequential_reads = 0
        self._thread = threading.local()
        """`seek`: the thread's last seek, as the count of sequential reads then, and a position."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next read of this thread begins."""
        seek = self._find_seek()
        return self._position if seek is None else seek

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set where the next read of this thread begins, and return it."""
        base = {io.SEEK_CUR: self.tell(), io.SEEK_END: self._scan.files[self._index].size}
        self._position = base.get(whence, 0) + offset
        self._thread.seek = (self._sequential_reads, self._position)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes. Raises what reading the scan raises."""
        if self._find_seek() is None:
            self._sequential_reads += 1
        position = self.tell()
        self._thread.seek = None
        wanted = self._scan.files[self._index].size if size < 0 else size
        self._files.last_read = self._index
        content = self._scan.read(self._index, position, wanted)
        self._position = position + len(content)
        return content

    def _find_seek(self) -> int | None:
        """Return where this thread has sought to; None if it has not, or its seek is void."""
        seek: tuple[int, int] | None = getattr(self._thread, "seek", None)
        return seek[1] if seek and seek[0] == self._sequential_reads else None


class _ResultFile(io.BytesIO):
    """A file in memory that hands its content to its owner when DuckDB closes it."""

    def __init__(self, owner: "MeshFiles") -> None:
        super().__init__()
        self._owner = owner

    def close(self) -> None:
        if not self.closed:
            self._owner.result = self.getvalue()
        super().close()


class MeshFiles(AbstractFileSystem):  # type: ignore[misc]
    """The part of fsspec's interface that DuckDB calls."""

    protocol = PROTOCOL
    cachable = False  # fsspec would give the next request the files of this one

    def __init__(self, scan: Scan) -> None:
        super().__init__()
        self._scan = scan
        self.last_read = 0
        """The index of the file that was read last: if DuckDB names no file, that is the one."""
        self.result = b""
        """The bytes that DuckDB wrote to RESULT."""

    def open(self, path: str, mode: str = "rb", **_: Any) -> io.IOBase:
        """Return a file of the scan to read, or the result to write.

        Raises FileNotFoundError, PermissionError.
        """
        if "w" in mode and path == RESULT:
            return _ResultFile(self)
        if "r" in mode:
            index = self.parse_path(path)
            if self.find_read_compression(index) != "none":
                self.last_read = index
                compression = find_compression(self._scan.files[index].name)
                return CompressedFile(self._scan, index, compression)
            return MeshFile(self, self._scan, index)
        raise PermissionError(path)

    def find_read_compression(self, index: int) -> str:
        """Return the compression that DuckDB finds when it reads a file, as it names it.

        Text that is not handed to it as it is stored is handed to it as gzip. Raises what reading
        the scan raises.
        """
        found, scan = find_compression(self._scan.files[index].name), self._scan
        if found != "none":
            return found
        is_changed = scan.dialect.encoding is not CsvEncoding.UTF_8 or scan.normalises_newlines
        return "gzip" if is_changed or scan.has_preamble(index) else found

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return what fsspec tells about a file."""
        return {"name": path, "size": self.size(path), "type": "file"}

    def size(self, path: str) -> int:
        """Return the size of a file in bytes."""
        return self._scan.files[self.parse_path(path)].size

    def modified(self, path: str) -> datetime:
        """Return a constant: a scan reads the versions of files that it pinned by their ETags."""
        return MODIFIED_AT

    def parse_path(self, path: str) -> int:
        """Return the index of a file in the scan. Raises FileNotFoundError."""
        name = path.removeprefix(ROOT)
        if not (name.isascii() and name.isdigit() and int(name) < len(self._scan.files)):
            raise FileNotFoundError(path)
        return int(name)
