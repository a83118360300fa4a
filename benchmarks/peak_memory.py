"""The most memory that a reading function takes at its coldest and largest.

A new process imports the function and answers one request, for which it reads both documents from
the local S3 server. What counts is the peak of resident memory (VmHWM; ru_maxrss would know the
parent's, too).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.lambdas import get
from benchmarks.measure import Row, at_most
from benchmarks.mesh import lineage_file, product_name, products_file
from benchmarks.results import ROOT
from benchmarks.store import holding
from dev.s3 import S3

PRODUCTS, ENTRIES = 10_000, 100_000
ROUNDS = 3
BUILT = ROOT / ".aws-sam" / "build"
SCRIPT = """
import json, re, sys
from pathlib import Path
from types import SimpleNamespace
from app import handler

context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=256, invoked_function_arn="f", aws_request_id="1",
    get_remaining_time_in_millis=lambda: 25_000,
)
answer = handler(json.loads(sys.argv[1]), context)
assert answer["statusCode"] == 200, answer
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def rows() -> list[Row]:
    documents = len(products_file(PRODUCTS)) + len(lineage_file(PRODUCTS, ENTRIES))
    with tempfile.TemporaryDirectory() as folder, holding(Path(folder), PRODUCTS, ENTRIES) as s3:
        upstream = max(_peak(s3, f"/lineage/upstream/{product_name(1)}") for _ in range(ROUNDS))
    what = f"upstream, {PRODUCTS:,} products and {ENTRIES:,} entries"
    against = "the size of the two documents, not compressed"
    built = "the built function" if BUILT.is_dir() else "the function's source: nothing is built"
    return [Row(what, "MB", upstream / 1e6, documents / 1e6, against, at_most(256), note=built)]


def _peak(s3: S3, target: str) -> int:
    """In bytes."""
    environment = s3.environment(s3.reader) | {
        "CATALOG_BUCKET": s3.bucket,
        "PYTHONPATH": os.pathsep.join(map(str, _places())),
        "LC_ALL": "C.UTF-8",
    }
    run = subprocess.run(
        [sys.executable, "-B", "-c", SCRIPT, json.dumps(get(target))],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(run.stdout.splitlines()[-1]) * 1024


def _places() -> list[Path]:
    """Where the function and its layer are; the built ones come first if there are any."""
    if BUILT.is_dir():
        return [BUILT / "LineageReadFunction", BUILT / "SharedLayer" / "python"]
    return [ROOT / "functions" / "lineage", ROOT / "layers" / "shared"]
