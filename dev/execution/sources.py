"""Edits of files, found out cheaply enough to ask on every request."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = (".py", ".json")


def stamp_files(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return a value that differs after an edit of a file, or of a source below a folder."""
    return tuple(sorted(entry for path in paths for entry in _list_entries(str(path))))


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
