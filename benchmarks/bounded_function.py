"""A function in a process of its own, over a registry that lies in a folder: what does it take?

`python -m benchmarks.bounded_function AREA FOLDER [register]` reads an event a line and prints, for
each, the status of the answer and the most memory that the process has taken so far (VmHWM, in kB).
The line `replace` puts others in the place of both files, as another writer would. With `register`
lineage registers its missing ends, and there is room for a few.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from benchmarks.full_registry import MAX_ENTRIES, MAX_PRODUCTS
from benchmarks.lambdas import over
from datamesh.services.operations import scheduled_run
from datamesh.services.permissions import Permissions
from datamesh.services.registry.registry import Registry
from datamesh.services.time_travel.past import RegistryHistory
from datamesh.settings import load_settings
from datamesh.storage.byte_limit import ByteLimit
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History
from datamesh.storage.object_versions import ListMarker, ObjectVersion, VersionPage
from datamesh.storage.objects import LostRace, StoredObject, Unchanged
from datamesh.wiring.registry import create_byte_limits
from datamesh.wiring.resources import Resources
from tests.archives import MemoryArchive
from tests.contexts import CONTEXT as CONTEXT_OF_SERVICES
from tests.meshes import NO_WAIT, NOON, resources

ROOM = 100
"""How many more items fit where lineage registers products."""

CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=256,
    invoked_function_arn="f",
    aws_request_id="1",
    get_remaining_time_in_millis=lambda: 25_000,
)


class FolderObject:
    """An object whose versions are the files `<name>.<number>` of a folder, one an hour."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        self.newest, self._rivals = 1, 0

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        etag = f'"{self.newest}"'
        return Unchanged() if known_etag == etag else StoredObject(self._read(self.newest), etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        if replaces != f'"{self.newest}"':
            raise LostRace
        self.newest += 1
        (self._folder / f"{self.name}.{self.newest}").write_bytes(body)
        return f'"{self.newest}"'

    def replace(self) -> None:
        """Let another writer store the next of the files `<name>.rival.<number>`."""
        self._rivals += 1
        rival = self._folder / f"{self.name}.rival.{self._rivals}"
        self.newest += 1
        (self._folder / f"{self.name}.{self.newest}").write_bytes(rival.read_bytes())

    def list_versions(self, older: ListMarker | None = None) -> VersionPage:
        numbers = range(self.newest, 0, -1)
        found = [ObjectVersion(str(each), NOON + timedelta(hours=each)) for each in numbers]
        return VersionPage(found, None)

    def get_version(self, version_id: str) -> StoredObject | None:
        return StoredObject(self._read(int(version_id)), f'"{version_id}"')

    def _read(self, number: int) -> bytes:
        return (self._folder / f"{self.name}.{number}").read_bytes()


def open_registry(
    folder: Path, *, registers_missing: bool
) -> tuple[Registry, RegistryHistory, list[FolderObject]]:
    stored = [FolderObject(folder, name) for name in ("products.json", "lineage.json")]
    products, lineage = stored
    limits = create_byte_limits(load_settings({"CATALOG_BUCKET": "catalog"}))
    room = ROOM if registers_missing else 0
    registry = Registry(
        products=Document(products, ProductsFile, NO_WAIT, byte_limit=enlarge(limits[0], room)),
        lineage=Document(lineage, LineageFile, NO_WAIT, byte_limit=enlarge(limits[1], room)),
        max_products=MAX_PRODUCTS + room,
        max_lineage_entries=MAX_ENTRIES + room,
        missing_products_domain="unknown" if registers_missing else None,
        now=lambda: NOON + timedelta(days=1),
    )
    past = RegistryHistory(
        registry,
        products=History(products, ProductsFile, NO_WAIT),
        lineage=History(lineage, LineageFile, NO_WAIT),
    )
    return registry, past, stored


def enlarge(limit: ByteLimit, count: int) -> ByteLimit:
    """Return a limit that leaves room for so many small items."""
    return replace(limit, most=limit.most + 1000 * count)


def run_schedule(resources: Resources, archives: Sequence[MemoryArchive]) -> None:
    """Do what the scheduled function does."""
    scheduled_run.run_schedule(
        CONTEXT_OF_SERVICES,
        resources.registry,
        resources.show_to(Permissions(None)).registry,
        resources.snapshots,
        resources.backups,
        lambda day: None,
        NOON + timedelta(days=1),
        90,
    )
    for each in archives:
        each.extend(NOON + timedelta(days=1))


def main(area: str, folder: Path, *flags: str) -> None:
    registry, past, stored = open_registry(folder, registers_missing="register" in flags)
    opened = resources(registry, registry_at=past.registry_at)
    service = over(area, opened)
    service.select()
    archives = [MemoryArchive(each) for each in stored]
    for line in sys.stdin:
        status = 200
        if line == "replace\n":
            for each in stored:
                each.replace()
        elif line == "schedule\n":
            run_schedule(opened, archives)
        else:
            answer = service.handler(json.loads(line), CONTEXT)
            status = answer["statusCode"]
            json.dumps(answer)  # as Lambda's runtime does
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        assert peak
        print("told", status, peak[1], flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
