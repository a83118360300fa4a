"""The digest by which a build is known."""

import os
from pathlib import Path

import pytest

from dev.build_digest import NAMED, check_digest, compute_digest, write_digest


@pytest.fixture
def build(tmp_path: Path) -> Path:
    for name in ("PlatformFunction/app.py", "SharedLayer/python/a.py", "template.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_the_digest_is_that_of_what_sha256sum_writes(build: Path) -> None:
    """`sha256sum PlatformFunction/app.py SharedLayer/python/a.py template.yaml | sha256sum`."""
    known = "4194104064a9298bbbbaa37bb54b2ad2e551c43e5a91f508c7c36df1cfba651a"
    assert compute_digest(build) == known


def test_times_do_not_count(build: Path) -> None:
    before = compute_digest(build)
    os.utime(build / "template.yaml", (0, 0))
    (build / "empty").mkdir()
    assert compute_digest(build) == before


def test_any_other_file_is_another_build(build: Path) -> None:
    found = {compute_digest(build)}
    (build / "template.yaml").write_text("changed")
    found.add(compute_digest(build))
    (build / "template.yaml").rename(build / "other.yaml")
    found.add(compute_digest(build))
    (build / "SharedLayer/python/added.pyc").write_bytes(b"")
    found.add(compute_digest(build))
    assert len(found) == 4


def test_a_build_names_itself(build: Path) -> None:
    digest = write_digest(build)
    assert (build / NAMED).read_text() == digest
    assert write_digest(build) == digest == check_digest(build)


def test_what_was_changed_afterwards_or_never_named_is_refused(build: Path) -> None:
    with pytest.raises(SystemExit, match="it names nothing"):
        check_digest(build)
    digest = write_digest(build)
    (build / "SharedLayer/python/a.py").write_text("import evil")
    with pytest.raises(SystemExit, match=f"is not what was built: it names {digest}, and is "):
        check_digest(build)
