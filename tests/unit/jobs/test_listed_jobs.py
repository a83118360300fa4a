"""A job's file as lists read it: the runs that began last, and nothing else is left out."""

from datetime import timedelta
from random import Random

import msgspec
import pytest

from datamesh.models.jobs import JobDataset, JobFact, JobHistory, JobRun
from datamesh.services.jobs.joining import join_histories
from datamesh.services.jobs.reading import sort_runs
from datamesh.storage.job_files import LISTED_RUNS, JobFile, ListedJobFile
from tests.meshes import NOON


def build_history(*runs: JobRun) -> JobHistory:
    return JobHistory(
        namespace="scheduler",
        name="daily",
        created_at=NOON,
        updated_at=NOON,
        facts={"documentation": JobFact("Sums up the day", NOON)},
        inputs=(JobDataset("warehouse", "orders", NOON, NOON),),
        outputs=(JobDataset("warehouse", "revenue", NOON, NOON),),
        runs=runs,
        hidden=True,
        tags={"gold": True},
    )


def build_run(number: int, began: int, ended: int, started: bool = True) -> JobRun:
    at = NOON + timedelta(minutes=began)
    return JobRun(
        id=f"{number:04}",
        created_at=at,
        updated_at=NOON + timedelta(minutes=ended),
        state="COMPLETED",
        started_at=at if started else None,
    )


@pytest.mark.parametrize("seed", range(20))
def test_lists_have_the_runs_that_began_last(seed: int) -> None:
    chance = Random(seed)
    runs = []
    for number in range(chance.randrange(60)):
        began = chance.randrange(100)
        length = chance.choice([0, 1, 90])
        runs.append(build_run(number, began, began + length, chance.random() < 0.7))
    history = join_histories(*(build_history(run) for run in runs), build_history())
    stored = JobFile(history=history, revision=3).encode()
    listed = ListedJobFile.decode("job", stored)
    expected = tuple(sort_runs(history)[:LISTED_RUNS])
    assert listed.history == msgspec.structs.replace(history, runs=expected)
    assert listed.revision == 3


def test_a_job_without_a_file_is_listed_without_a_history() -> None:
    assert ListedJobFile.decode("job", JobFile().encode()).history is None
