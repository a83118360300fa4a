"""Packages as a plain `sam build` leaves them: installed for one architecture, without bytecode."""

import platform
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYER = ROOT / "layers/shared/requirements.txt"
OURS = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
GLIBC = ("2_17", "2_24", "2_26", "2_27", "2_28")


def installed(requirements: Path, architecture: str = OURS) -> Path:
    """A folder with these pinned packages and nothing else; kept for the next run."""
    digest = sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = ROOT / "build/benchmarks" / f"plain-{digest}-{architecture}"
    if not (folder / "ready").exists():
        platforms = [f"manylinux_{version}_{architecture}" for version in GLIBC]
        options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"]
        options += [
            "--require-hashes",
            "--only-binary=:all:",
            "--implementation=cp",
            "--python-version=3.13",
        ]
        options += [f"--platform={tag}" for tag in (f"manylinux2014_{architecture}", *platforms)]
        options += ["--upgrade", "--target", str(folder / "packages"), "-r", str(requirements)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options], check=True)
        (folder / "ready").touch()
    return folder / "packages"
