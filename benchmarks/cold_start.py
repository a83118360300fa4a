"""Cold starts: `python -m benchmarks cold_start`, after `make build`.

From the start of a process until its answer is written: the interpreter, the import of a function
as `sam build` made it, with the layer, and its first request, whose data comes from the embedded S3
server. What Lambda does before (sandbox, download, its own runtime) is the same for every function
and is not here. The reference, `benchmarks/plain/app.py`, is built from the same pinned packages,
which `sam build` installs without bytecode; nothing can be written, as in Lambda.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, Target, alternately, ratio_at_most
from benchmarks.plain_install import LAYER, ROOT, installed
from datamesh.storage.s3.client import create_client
from dev.stack import Function
from dev.storage import seaweed
from dev.storage.s3 import S3
from dev.template.reader import read_api
from tests import deployed

ROUNDS = 9
BUILD = ROOT / ".aws-sam/build"
FUNCTIONS = read_api(ROOT / "template.yaml", {}, {}).functions
CHILD = Path(__file__).with_name("first_request.py")
READ = ratio_at_most(0.4)
FIRST: tuple[tuple[str, str, Target | None], ...] = (
    ("ProductsReadFunction", "get_product", READ),
    ("LineageReadFunction", "lineage_upstream", READ),
    ("OpenLineageReadFunction", "openlineage_datasets", READ),
    ("DomainsFunction", "list_domains", READ),
    ("AnalyticsFunction", "analytics_domains", READ),
    ("AuditFunction", "audit", READ),
    ("SearchFunction", "search", READ),
    ("PlatformFunction", "health", READ),
    ("ContractsReadFunction", "list_contracts", READ),
    # For the record: DuckDB is imported, YAML or its schema is, or a write needs several calls to
    # storage.
    ("ContractsReadFunction", "get_contract", None),
    ("ContractsWriteFunction", "register_contract", None),
    ("DomainsFunction", "read_dataset", None),
    ("DomainsWriteFunction", "check_dataset", None),
    ("ProductsWriteFunction", "put_product", None),
    ("LineageWriteFunction", "register_lineage", None),
    ("OpenLineageWriteFunction", "openlineage_event", None),
)
"""Function, the first event that it is sent, and what its start may take."""
PLAIN = "FastAPI, Mangum, Powertools, boto3; no bytecode"


@dataclass
class Start:
    """Cold starts of one function; how long its imports took each time."""

    folders: Sequence[Path]
    handler: str
    event: Mapping[str, Any]
    environment: Mapping[str, str]
    imports: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        order = json.dumps([[str(folder) for folder in self.folders], self.handler, self.event])
        began = time.perf_counter()
        run = subprocess.run(
            # -S: no package that is installed here.
            [sys.executable, "-I", "-S", "-B", str(CHILD), order],
            env=dict(self.environment),
            capture_output=True,
            check=False,
        )
        took = (time.perf_counter() - began) * 1000
        lines = run.stdout.splitlines()
        assert run.returncode == 0 and lines, run.stderr.decode()
        result = json.loads(lines[-1])
        answer = result["answer"]
        assert answer.get("isAuthorized") or answer.get("statusCode", 500) < 300, answer
        self.imports.append(result["imported"])
        return took

    def describe_imports(self) -> str:
        return f"of which imports {statistics.median(self.imports):.0f} ms"


def require_build() -> None:
    assert (BUILD / "SharedLayer").is_dir(), "run `make build` first"


def rows() -> list[Row]:
    require_build()
    with (
        tempfile.TemporaryDirectory() as name,
        seaweed.run_server(Path(name) / "s3") as s3,
    ):
        s3.ensure_bucket()
        deployed.fill(s3.create_client(), create_client(s3.build_environment(s3.admin)), s3.bucket)
        starts = [built(FUNCTIONS[function], event, s3) for function, event, _ in FIRST]
        plain, *ours = alternately(plain_start(Path(name), s3), *starts, rounds=ROUNDS)
    return [
        Row(
            f"{function}, first `{event}`",
            "ms",
            took,
            plain,
            PLAIN,
            target,
            start.describe_imports(),
        )
        for (function, event, target), took, start in zip(FIRST, ours, starts, strict=True)
    ]


def built(function: Function, event: str, s3: S3) -> Start:
    # The authorizer has its key at hand: what follows a look-up is nearly nothing.
    own = {"CATALOG_BUCKET": s3.bucket, "API_KEY": deployed.KEY, "READ_ACCESS": "open"}
    # Without a queue, which is not here: an event is derived at once, and that takes longer.
    own |= dict.fromkeys(deployed.QUEUES, "")
    return Start(
        [BUILD / function.name, BUILD / "SharedLayer/python"],
        function.handler,
        deployed.EVENTS[event],
        {**variables(s3), **function.environment, **own},
    )


def plain_start(folder: Path, s3: S3) -> Start:
    # A copy, beside which no earlier import has left bytecode.
    shutil.copy(ROOT / "benchmarks/plain/app.py", folder)
    return Start(
        [folder, installed(LAYER)],
        "app.handler",
        deployed.EVENTS["get_product"],
        variables(s3) | {"CATALOG_BUCKET": s3.bucket},
    )


def variables(s3: S3) -> dict[str, str]:
    return s3.build_environment(s3.writer) | {"PATH": os.defpath, "LANG": "C.UTF-8"}
