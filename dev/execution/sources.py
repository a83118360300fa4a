"""Edits of files, found out cheaply enough to ask on every request."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".py", ".json")
# A walk over five hundred sources takes 2 ms, which each request had to wait for, twice with an
# authorizer. Nobody saves a file and has sent the next request sooner than this.
STAMP_SECONDS = 0.1

type Stamp = tuple[tuple[str, int, int], ...]
"""Differs after an edit."""


class SourceWatch:
    """The newest stamps of files and folders, which all functions share: most have one layer."""

    def __init__(self) -> None:
        """Start with nothing looked at."""
        self._kept: dict[Path, tuple[float, Stamp]] = {}

    def read_stamp(self, path: Path) -> Stamp:
        """Return the stamp of a file, or of the sources below a folder.

        It notices an edit `STAMP_SECONDS` later at the latest. The same stamp is the same object.
        """
        now = time.monotonic()
        kept = self._kept.get(path)
        if kept and now - kept[0] < STAMP_SECONDS:
            return kept[1]
        found = stamp_files(path)
        if kept and kept[1] == found:
            found = kept[1]
        self._kept[path] = (now, found)
        return found


def stamp_files(path: Path) -> Stamp:
    """Return a value that differs after an edit of a file, or of a source below a folder."""
    return tuple(sorted(_list_entries(str(path))))


def _list_entries(path: str) -> Iterator[tuple[str, int, int]]:
    try:
        with os.scandir(path) as folder:
            for item in folder:
                if item.is_dir():
                    if item.name != "__pycache__":
                        yield from _list_entries(item.path)
                elif item.name.endswith(SUFFIXES):
                    status = item.stat()
                    yield item.path, status.st_mtime_ns, status.st_size
    except NotADirectoryError:
        status = os.stat(path)  # noqa: PTH116
        yield path, status.st_mtime_ns, status.st_size
    except FileNotFoundError:
        yield path, 0, 0  # an editor may be just replacing it
