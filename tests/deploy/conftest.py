"""One emulator for all rehearsals, and one stack for those that do not change it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import ministack
from tests.deploy.ministack import Emulator
from tests.deploy.stack import BUILD, Stack


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with ministack.running() as started:
        yield started


@pytest.fixture(scope="session")
def stack(emulator: Emulator) -> Stack:
    created = Stack(emulator, "rehearsal")
    created.create(AnalyticsSchedule="rate(1 minute)")
    return created


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A copy of what `sam build` made, to be changed."""
    return shutil.copytree(BUILD, tmp_path / "build")
