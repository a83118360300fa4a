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
    """DuckDB seeks and then reads on each of several threads, which therefore each have a place
    of their own: with one for all, a thread would read where another had just sought."""

    def __init__(self, scan: Scan, index: int) -> None:
        super().__init__()
        self._scan = scan
        self._index = index
        self._place = threading.local()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return getattr(self._place, "at", 0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_CUR: self.tell(), io.SEEK_END: self._scan.files[self._index].size}
        self._place.at = base.get(whence, 0) + offset
        return self.tell()

    def read(self, size: int = -1) -> bytes:
        at = self.tell()
        wanted = self._scan.files[self._index].size if size < 0 else size
        content = self._scan.read(self._index, at, wanted)
        self._place.at = at + len(content)
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
