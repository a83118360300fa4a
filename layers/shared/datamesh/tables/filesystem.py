"""The files of a scan as DuckDB opens them: `mesh://<index>`, and one file that it may write.

DuckDB never sees a stored file's name, and what is not of the scan cannot be named at all.
"""

import io
import threading
from datetime import UTC, datetime
from typing import Any

from fsspec.spec import AbstractFileSystem

from datamesh.tables.scan import Scan

PROTOCOL = "mesh"
ROOT = f"{PROTOCOL}://"
RESULT = f"{ROOT}result"
UNCHANGING = datetime(2000, 1, 1, tzinfo=UTC)


def path_of(index: int) -> str:
    return f"{ROOT}{index}"


class MeshFile(io.RawIOBase):
    """Read by several threads of DuckDB, in one of two ways: each read right after a seek of the
    same thread, between which other threads seek and read elsewhere; or one read after another
    where the last one ended, whichever threads they are on (a compressed file).

    So a seek holds for its own thread, until a read without one shows that it is the second way.
    """

    def __init__(self, scan: Scan, index: int) -> None:
        super().__init__()
        self._scan = scan
        self._index = index
        self._at = 0
        self._way = 0
        self._own = threading.local()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        sought: tuple[int, int] | None = getattr(self._own, "sought", None)
        return sought[1] if sought and sought[0] == self._way else self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_CUR: self.tell(), io.SEEK_END: self._scan.files[self._index].size}
        self._at = base.get(whence, 0) + offset
        self._own.sought = (self._way, self._at)
        return self._at

    def read(self, size: int = -1) -> bytes:
        sought: tuple[int, int] | None = getattr(self._own, "sought", None)
        if sought is None or sought[0] != self._way:
            self._way += 1
        at = self.tell()
        self._own.sought = None
        wanted = self._scan.files[self._index].size if size < 0 else size
        content = self._scan.read(self._index, at, wanted)
        self._at = at + len(content)
        return content


class _Result(io.BytesIO):
    def __init__(self, owner: "MeshFiles") -> None:
        super().__init__()
        self._owner = owner

    def close(self) -> None:
        if not self.closed:
            self._owner.result = self.getvalue()
        super().close()


class MeshFiles(AbstractFileSystem):  # type: ignore[misc]
    """What DuckDB calls of fsspec's interface, and no more."""

    protocol = PROTOCOL
    cachable = False  # fsspec would give the next request the files of this one

    def __init__(self, scan: Scan) -> None:
        super().__init__()
        self._scan = scan
        self.result = b""

    def open(self, path: str, mode: str = "rb", **_: Any) -> io.IOBase:
        if "w" in mode and path == RESULT:
            return _Result(self)
        if "r" in mode:
            return MeshFile(self._scan, self._index(path))
        raise PermissionError(path)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": path, "size": self.size(path), "type": "file"}

    def size(self, path: str) -> int:
        return self._scan.files[self._index(path)].size

    def modified(self, path: str) -> datetime:
        """A scan reads versions that it has pinned by their ETags."""
        return UNCHANGING

    def _index(self, path: str) -> int:
        name = path.removeprefix(ROOT)
        if not (name.isascii() and name.isdigit() and int(name) < len(self._scan.files)):
            raise FileNotFoundError(path)
        return int(name)
