"""Packages as a plain `sam build` leaves them: installed for one architecture, without bytecode."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYER = ROOT / "layers/shared/requirements.txt"


def installed(*requirements: Path) -> Path:
    """A folder with these pinned packages and nothing else; kept for the next run."""
    digest = sha256(b"".join(file.read_bytes() for file in requirements)).hexdigest()[:16]
    folder = ROOT / "build/benchmarks" / f"plain-{digest}"
    if not (folder / "ready").exists():
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["--no-compile", "--no-deps", "--only-binary=:all:", "--upgrade"]
            + ["--target", str(folder / "packages")]
            + [part for file in requirements for part in ("--requirement", str(file))],
            check=True,
        )
        (folder / "ready").touch()
    return folder / "packages"
