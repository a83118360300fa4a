"""The digest of what `sam build` has made, which the registry shows at /health.

    python -m dev.build_digest write     name the build, and print its digest
    python -m dev.build_digest check     fail unless the build is the one that it names

It needs Python alone: who deploys a build of another machine installs nothing to check it.
"""

import hashlib
import sys
from pathlib import Path

BUILD = Path(__file__).parents[1] / ".aws-sam" / "build"
NAMED = Path("PlatformFunction", "build.txt")
"""Where a build holds its digest; the only file that is not in the digest."""


def compute_digest(build: Path) -> str:
    """Return the SHA-256 digest of all files below a folder: their paths and what they hold.

    It is that of the list which `sha256sum` writes. Times and owners are not in it, so that two
    builds of the same files have the same digest.
    """
    total = hashlib.sha256()
    for path in sorted(build.rglob("*"), key=lambda path: path.relative_to(build).parts):
        name = path.relative_to(build)
        if path.is_file() and name != NAMED:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{content}  {name.as_posix()}\n".encode())
    return total.hexdigest()


def write_digest(build: Path) -> str:
    """Write the digest into the build, and return it."""
    digest = compute_digest(build)
    (build / NAMED).write_text(digest)
    return digest


def check_digest(build: Path) -> str:
    """Return the digest of a build. Exits if it is not the one that the build names."""
    found = compute_digest(build)
    named = (build / NAMED).read_text() if (build / NAMED).exists() else "nothing"
    if named != found:
        raise SystemExit(f"{build} is not what was built: it names {named}, and is {found}")
    return found


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write"]:
            print(f"Build {write_digest(BUILD)}")
        case ["check"]:
            print(f"Build {check_digest(BUILD)}")
        case _:
            raise SystemExit(__doc__)
