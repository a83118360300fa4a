"""The most memory of functions over registries that are as large as the limits allow.

Each function is a process of its own that answers its reads, sees others replace both files and
answers them again; one that writes also loses a race. What counts is the peak of resident memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.full_registry import KINDS, count_products, lineage_text, products_text
from benchmarks.lambdas import Event, get
from benchmarks.measure import Row, at_most
from benchmarks.results import ROOT
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.gzip_members import GzipMemberCache
from tests.lambdas import api_event
from tests.meshes import lineage_body, product_body

READING, WRITING, SCHEDULED = 256, 512, 1769
"""MB of memory that a function has (`MemorySize` in template.yaml)."""
PAST = "as_of=2026-01-31T13:30:00Z"
CHANGES = "/changes?since=2026-01-31T13:30:00Z&until=2026-01-31T14:30:00Z"
REPLACE, SCHEDULE = "replace", "schedule"

type Step = Event | str
"""A request, or one of REPLACE and SCHEDULE."""


@dataclass(frozen=True)
class Function:
    """A function, how much memory it has, and what happens to it."""

    name: str
    area: str
    memory: int
    steps: Sequence[Step]
    kinds: Sequence[str] = ("many",)
    """The registries that it is tried on: that of many items takes most."""
    registers_missing: bool = False
    """True if lineage registers the ends that are no product (`MISSING_PRODUCTS`)."""


@dataclass(frozen=True)
class Measured:
    """The outcome of a function with a registry of a kind."""

    function: Function
    kind: str
    statuses: Sequence[int]
    peak: float
    """The peak of memory in MB."""


def twice(*targets: str) -> list[Step]:
    """Each of the reads, and again after others have replaced both files."""
    reads = [get(target) for target in targets]
    return [*reads, REPLACE, *reads]


def new_entries(count: int) -> list[dict[str, object]]:
    """Return entries with ends that are no product."""
    return [lineage_body(source=f"a{number}", target=f"b{number}") for number in range(count)]


PAGES = ("limit=1000", "limit=1000&offset=500")

FUNCTIONS = (
    Function(
        "products, reading",
        "products",
        READING,
        twice(
            *(f"/products?{page}" for page in PAGES),
            "/products?tag=x",
            "/products?q=no-such-text",
            "/product/p1",
            f"/products?limit=1000&{PAST}",
        ),
        ("many", "few"),
    ),
    Function(
        "lineage, reading",
        "lineage",
        READING,
        twice(
            *(f"/lineage?{page}" for page in PAGES),
            "/lineage/upstream/p1?limit=1000",
            "/lineage/graph/p1",
            "/lineage/impact/p1",
            "/lineage/export?format=json",
            f"/lineage?limit=1000&{PAST}",
        ),
        KINDS,
    ),
    Function(
        "OpenLineage, reading",
        "marquez",
        READING,
        twice(
            "/api/v1/search?q=x",
            "/api/v1/search?q=x&sort=UPDATE_AT",
            "/api/v1/namespaces?limit=100",
        ),
    ),
    Function("platform", "platform", READING, twice("/metrics", "/health")),
    Function(
        "analytics, with /changes",
        "analytics",
        WRITING,
        twice(
            "/analytics/lineage-stats",
            "/analytics/top-products",
            f"/analytics/top-products?{PAST}",
            CHANGES,
        ),
        ("many", "few"),
    ),
    Function("analytics, scheduled", "analytics", SCHEDULED, [SCHEDULE, REPLACE, SCHEDULE]),
    Function(
        "products, writing",
        "products",
        WRITING,
        [
            api_event("DELETE", "/product/p1"),
            api_event("POST", "/register_product", product_body(name="new")),
            REPLACE,
            api_event("PUT", "/product/p2", {"status": "deprecated"}),
            api_event("DELETE", "/product/p3"),
        ],
    ),
    Function(
        "lineage, writing",
        "lineage",
        WRITING,
        [
            api_event("DELETE", "/lineage", query={"source": "p1", "target": "p8"}),
            api_event("POST", "/register_lineage", lineage_body(source="p1", target="p2")),
            REPLACE,
            api_event("DELETE", "/lineage", query={"source": "p2", "target": "p15"}),
        ],
        ("many", "few"),
    ),
    Function(
        "lineage, writing, where it registers products",
        "lineage",
        WRITING,
        [
            api_event("DELETE", "/lineage", query={"source": "p1", "target": "p8"}),
            api_event("POST", "/register_lineage", lineage_body(source="new1", target="new2")),
            api_event("DELETE", "/lineage", query={"source": "p2", "target": "p15"}),
            REPLACE,
            api_event("POST", "/register_lineage", lineage_body(source="p3", target="new3")),
            api_event("DELETE", "/lineage", query={"source": "p3", "target": "p22"}),
            api_event("POST", "/lineage/bulk", {"items": new_entries(20)}),
        ],
        ("many", "few"),
        registers_missing=True,
    ),
)


def rows() -> list[Row]:
    """The most that each function takes, whatever fills the registry."""
    peaks: dict[str, Measured] = {}
    for found in measure_all():
        name = found.function.name
        if name not in peaks or found.peak > peaks[name].peak:
            peaks[name] = found
    return [
        Row(
            f"{name}, registry as large as the limits allow",
            "MB",
            found.peak,
            target=at_most(found.function.memory),
            note=f"most with {found.kind} items; others replace both files in between",
        )
        for name, found in peaks.items()
    ]


def measure_all() -> Iterator[Measured]:
    """Measure every function over the registries that it is tried on."""
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            store(kind, Path(folder))
            for function in FUNCTIONS:
                if kind in function.kinds:
                    yield measure(function, kind, Path(folder))


def measure(function: Function, kind: str, folder: Path) -> Measured:
    """Run a function through its steps; what it writes is removed from the folder again."""
    before = {*folder.iterdir()}
    lines = [step if isinstance(step, str) else json.dumps(step) for step in function.steps]
    arguments = [function.area, str(folder), *(["register"] if function.registers_missing else [])]
    done = subprocess.run(
        [sys.executable, "-B", "-m", "benchmarks.bounded_function", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'layers/shared'}:{ROOT}", "LC_ALL": "C.UTF-8"},
        input="".join(f"{line}\n" for line in lines),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for made in {*folder.iterdir()} - before:
        made.unlink()
    told = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("told ")]
    peak = max(int(kilobytes) for _, kilobytes in told) * 1024 / 1e6
    return Measured(function, kind, [int(status) for status, _ in told], peak)


def store(kind: str, folder: Path) -> None:
    """Write both files, and a version of each that others put in their place."""
    products = products_text(kind)
    lineage = lineage_text(kind, count_products(products))
    for file, name in (
        (ProductsFile.parse(products), "products.json"),
        (LineageFile.parse(lineage), "lineage.json"),
    ):
        cache = GzipMemberCache()
        (folder / f"{name}.1").write_bytes(file.encode(cache))
        rival = file.model_copy(update={"revision": 100})
        (folder / f"{name}.rival.1").write_bytes(rival.encode(cache))
