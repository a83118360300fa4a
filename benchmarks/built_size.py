"""Sizes as Lambda counts them, unzipped: `python -m benchmarks built_size`, after `make build`.

The reference is what the same pinned requirements take untrimmed: with the compiled modules of both
architectures and bytecode, as here. What a plain `sam build` leaves, of one architecture and
without bytecode, is in the notes.
"""

import compileall
import shutil
import tempfile
from pathlib import Path

from benchmarks.cold_start import BUILD, FUNCTIONS
from benchmarks.measure import Row, Target, at_most
from benchmarks.plain_install import LAYER, OURS, ROOT, installed

MEGABYTE = 1_000_000
OTHER = "x86_64" if OURS == "aarch64" else "aarch64"
OWN = {
    "AuthorizerFunction": ROOT / "functions/authorizer/requirements.txt",
    "DomainsFunction": ROOT / "functions/domains/requirements.txt",
    "SearchFunction": ROOT / "functions/search/requirements.txt",
    "PlatformFunction": ROOT / "functions/platform/requirements.txt",
}
"""Function -> what it needs besides the layer."""


def rows() -> list[Row]:
    assert (BUILD / "SharedLayer").is_dir(), "run `make build` first"
    largest = max(FUNCTIONS, key=lambda function: megabytes(BUILD / function))
    own = OWN[largest.replace("Write", "")]
    package = ROOT / "layers/shared/datamesh"
    return [
        row("layer, without DuckDB", BUILD / "SharedLayer", LAYER, package, at_most(35)),
        row(f"largest function ({largest})", BUILD / largest, own, FUNCTIONS[largest].code),
    ]


def row(
    what: str, built: Path, requirements: Path, source: Path, target: Target | None = None
) -> Row:
    plain = megabytes(installed(requirements))
    return Row(
        what,
        "MB",
        megabytes(built),
        untrimmed(requirements, source),
        "the same requirements untrimmed, both architectures, bytecode",
        target,
        f"plain, of one architecture and without bytecode: {plain:.0f} MB",
    )


def untrimmed(requirements: Path, source: Path) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(installed(requirements), folder, dirs_exist_ok=True)
        shutil.copytree(source, folder / "own", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(folder, quiet=2)
        return megabytes(folder) + megabytes(installed(requirements, OTHER), "*.so*")


def megabytes(folder: Path, pattern: str = "*") -> float:
    return sum(file.stat().st_size for file in folder.rglob(pattern) if file.is_file()) / MEGABYTE
