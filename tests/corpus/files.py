"""The data files that packages ship: `make corpus` has installed them into a folder."""

import bz2
import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

COMPRESSED = ".csv.gz"
"""A form that the registry reads as it is."""


class Source(NamedTuple):
    """Where a file comes from."""

    package: str
    version: str
    path: str


@dataclass(frozen=True)
class CorpusFile:
    """A CSV file of a package."""

    source: Source
    body: bytes

    @property
    def name(self) -> str:
        """The name under which it is stored: its ending tells the compression."""
        return "file.csv.gz" if self.source.path.endswith(COMPRESSED) else "file.csv"


def list_files(folder: Path, packages: set[str]) -> Iterator[CorpusFile]:
    """Yield the CSV files of the packages in a folder, or of some of them, in a fixed order."""
    found = sorted(distributions(path=[str(folder)]), key=lambda each: each.name.lower())
    for package in found:
        if not packages or package.name in packages:
            for path, body in sorted(list_bodies(package)):
                yield CorpusFile(Source(package.name, package.version, path), body)


def list_bodies(package: Distribution) -> Iterator[tuple[str, bytes]]:
    for file in package.files or ():
        path, name = Path(str(file.locate())), file.name.lower()
        if name.endswith((".csv", COMPRESSED)):
            yield str(file), path.read_bytes()
        elif name.endswith(".csv.bz2"):
            yield str(file), bz2.decompress(path.read_bytes())
        elif name.endswith(".csv.zip"):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{file}/{member}", archive.read(member)
        elif name.endswith(".tar.gz"):
            yield from list_members(str(file), path.read_bytes())


def list_members(name: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".csv") else None
            # What macOS puts beside the files that it packs.
            if content and not Path(member.name).name.startswith("._"):
                yield f"{name}/{member.name}", content.read()
