"""A stand-in for the AWS image that functions run in, where no registry of images can be reached.

    python -m dev.sam.lambda_image

Made of this machine's own CPython 3.13, its C libraries, and AWS' runtime client from its package,
and tagged with the AWS image's name, by which SAM finds it. Unlike that image it has neither boto3
nor a package manager, and this machine's C library instead of Amazon Linux'.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dev.sam import docker

RUNTIME = Path(__file__).parents[2] / "requirements" / "lambda-image.txt"
SECONDS = 300
COMMANDS = ("sh", "mv", "cp", "rm", "chmod", "cat", "ls", "mkdir", "env")
"""The commands that SAM's own layers of the image call, and that an operator looks around with."""
LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "config-*"
)
RESOLVED = re.compile(r"(?:=> |^\s*)(/\S+) \(0x", re.MULTILINE)
BESIDE_LIBC = (
    *("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"),
    *("libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1"),
    *("libgcc_s.so.1", "libstdc++.so.6"),
)
"""The libraries that the C library loads to look a name up, and that packages may need."""

BOOTSTRAP = """\
#!/bin/sh
cd "$LAMBDA_TASK_ROOT"
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
"""
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nsbx_user1051:x:993:990::/tmp:/bin/sh\n",
    "group": "root:x:0:\n",
    "nsswitch.conf": "hosts: files dns\n",
}
ENVIRONMENT = {
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/var/runtime:/var/task:/opt/lib",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "PYTHONPATH": "/var/task:/opt/python/lib/python3.13/site-packages:/opt/python:/var/runtime",
}


def build_image() -> None:
    """Make the image and give it to the daemon.

    Raises:
        DockerError: The daemon does not take it.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _lay_out_image(root)
        _import_image(root)


def _lay_out_image(root: Path) -> None:
    for name in ("bin", "lib64", "usr", "etc", "dev", "proc", "sys", "var/task", "var/rapid"):
        (root / name).mkdir(parents=True)
    for name in ("opt", "root", "tmp", "var/tmp"):
        (root / name).mkdir()
    (root / "lib").symlink_to("lib64")
    (root / "usr" / "bin").symlink_to("../bin")
    for name, text in ETC.items():
        (root / "etc" / name).write_text(text)
    _add_python(root / "var" / "lang")
    _add_runtime(root / "var" / "runtime")
    for command in COMMANDS:
        found = shutil.which(command)
        assert found, f"this machine has no {command}"
        shutil.copy(os.path.realpath(found), root / "bin" / command)
    _add_libraries(root)


def _add_python(target: Path) -> None:
    base = Path(sys.base_prefix)
    (target / "bin").mkdir(parents=True)
    shutil.copy(os.path.realpath(base / "bin" / "python3.13"), target / "bin" / "python3.13")
    for name in ("python", "python3"):
        (target / "bin" / name).symlink_to("python3.13")
    shutil.copytree(sysconfig.get_path("stdlib"), target / "lib/python3.13", ignore=LEFT_OUT)
    for library in (base / "lib").glob("libpython3.13.so*"):
        shutil.copy(library, target / "lib", follow_symlinks=False)


def _add_runtime(target: Path) -> None:
    uv = shutil.which("uv") or str(Path(__file__).parents[2] / ".uv" / "bin" / "uv")
    subprocess.run(
        [
            *(uv, "pip", "install", "--quiet", "--require-hashes", "--python", sys.executable),
            *("--target", str(target), "--requirements", str(RUNTIME)),
        ],
        check=True,
        timeout=SECONDS,
    )
    (target / "bootstrap").write_text(BOOTSTRAP)
    (target / "bootstrap").chmod(0o755)


def _add_libraries(root: Path) -> None:
    programs = [*(root / "bin").iterdir(), root / "var/lang/bin/python3.13"]
    for library in _find_libraries([*programs, *(root / "var").rglob("*.so")]):
        # The loader is named by its path, which is below /lib64 or, on arm64, below /lib.
        shutil.copy(os.path.realpath(library), root / "lib64" / library.name)


def _find_libraries(programs: Iterable[Path]) -> set[Path]:
    """Return the libraries that programs are linked with, outside of Python's own folders."""
    done = subprocess.run(
        ["ldd", *map(str, programs)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,  # it complains of those that are not dynamic
    )
    found = {Path(path) for path in RESOLVED.findall(done.stdout)}
    [libc] = {path for path in found if path.name == "libc.so.6"}
    others = {libc.with_name(name) for name in BESIDE_LIBC}
    others |= {Path("/usr", *path.parts[1:]) for path in others}
    return {path for path in found | others if path.exists() and "libpython" not in path.name}


def _import_image(root: Path) -> None:
    changes = [f"ENV {name}={value}" for name, value in ENVIRONMENT.items()]
    changes += ["WORKDIR /var/task"]
    archive = root / "image.tar"
    with tarfile.open(archive, "w") as tar:
        for entry in root.iterdir():
            if entry != archive:
                tar.add(entry, entry.name, filter=_give_to_root)
    options = [part for change in changes for part in ("--change", change)]
    docker.run_docker("import", *options, str(archive), docker.IMAGE, seconds=SECONDS)


def _give_to_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    if entry.name in ("tmp", "var/tmp"):
        entry.mode = 0o1777
    return entry


if __name__ == "__main__":
    build_image()
    print(f"{docker.IMAGE}: a stand-in, made of this machine's Python")
