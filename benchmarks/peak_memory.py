"""The most memory that a reading function takes.

A new process imports the function and answers a request, for which it reads both documents from the
local S3 server; then others replace both, and it answers another. What counts is the peak of
resident memory (VmHWM; ru_maxrss would know the parent's, too).
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
from benchmarks.store import holding, put
from dev.storage.s3 import S3

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
for line in sys.stdin:
    answer = handler(json.loads(line), context)
    assert answer["statusCode"] == 200, answer
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
    print("peak", peak, flush=True)
"""


def rows() -> list[Row]:
    documents = len(products_file(PRODUCTS)) + len(lineage_file(PRODUCTS, ENTRIES))
    with tempfile.TemporaryDirectory() as folder, holding(Path(folder), PRODUCTS, ENTRIES) as s3:
        peaks = [_peaks(s3) for _ in range(ROUNDS)]
    first, again = (max(each) / 1e6 for each in zip(*peaks, strict=True))
    what = f"upstream, {PRODUCTS:,} products and {ENTRIES:,} entries"
    against = "the size of the two documents, not compressed"
    built = "the built function" if BUILT.is_dir() else "the function's source: nothing is built"
    later = f"{what}, after others have replaced both documents"
    return [
        Row(what, "MB", first, documents / 1e6, against, at_most(256), note=built),
        Row(later, "MB", again, documents / 1e6, against, at_most(256), note=built),
    ]


def _peaks(s3: S3) -> tuple[int, int]:
    """Return the peaks in bytes: once the first request is answered, and once the second is."""
    environment = s3.build_environment(s3.reader) | {
        "CATALOG_BUCKET": s3.bucket,
        "READ_ACCESS": "open",
        "PYTHONPATH": os.pathsep.join(map(str, _places())),
        "LC_ALL": "C.UTF-8",
    }
    with subprocess.Popen(
        [sys.executable, "-B", "-c", SCRIPT],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        first = _answered(process)
        put(s3, PRODUCTS, ENTRIES)
        again = _answered(process)
        assert process.stdin
        process.stdin.close()
    return first, again


def _answered(process: "subprocess.Popen[str]") -> int:
    """The peak after one more request."""
    assert process.stdin and process.stdout
    print(json.dumps(get(f"/lineage/upstream/{product_name(1)}")), file=process.stdin, flush=True)
    for line in process.stdout:
        word, _, peak = line.partition(" ")
        if word == "peak":
            return int(peak) * 1024
    raise AssertionError("the function has ended")


def _places() -> list[Path]:
    """Return the folders of the function and of its layer; the built ones if there are any."""
    if BUILT.is_dir():
        return [BUILT / "LineageReadFunction", BUILT / "SharedLayer" / "python"]
    return [ROOT / "functions" / "lineage", ROOT / "layers" / "shared"]
