"""Jobs and runs as events tell of them, and when the index of jobs is written."""

from datetime import timedelta
from typing import Any

import pytest

from datamesh.models.jobs import JobFact, JobHistory
from datamesh.services.jobs import joining, recording, records
from datamesh.services.jobs.records import compute_job_key
from datamesh.storage.job_files import JobFile, JobIndexFile
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import at, dataset, job_event, run_event, send
from tests.meshes import NOON, Bucket, event_pipeline, mesh


class Jobs:
    """A registry that events are sent to, and what it knows of their jobs."""

    def __init__(self, **settings: Any) -> None:
        self.registry = mesh(**settings)
        self.pipeline = event_pipeline(Bucket())

    def send(self, *raw: Any) -> None:
        send(self.registry, self.pipeline, *raw)

    def file(self, name: str = "daily") -> JobFile:
        document = self.pipeline.open_job(compute_job_key("scheduler", name))
        return document.read_latest(NO_DEADLINE)

    def history(self, name: str = "daily") -> JobHistory:
        found = self.file(name).history
        assert found
        return found

    @property
    def index(self) -> JobIndexFile:
        assert self.registry.jobs
        return self.registry.jobs.read_latest(NO_DEADLINE)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


def told(kind: str, minute: int, run: int = 1, **facets: Any) -> dict[str, Any]:
    event = run_event(["a"], ["b"], minute=minute, run=run, eventType=kind)
    event["run"]["facets"] = facets
    return event


def test_a_run_has_the_state_and_times_of_its_events(jobs: Jobs) -> None:
    jobs.send(
        told("FAIL", 7, errorMessage={"message": "no disk"}),
        told("START", 2, nominalTime={"nominalStartTime": "2026-01-31T12:00:00Z"}),
        told("RUNNING", 5),
    )
    [run] = jobs.history().runs
    assert (run.state, run.started_at, run.ended_at) == ("FAILED", at(2), at(7))
    assert (run.created_at, run.updated_at) == (at(2), at(7))
    assert run.facts == {
        "error": JobFact("no disk", at(7)),
        "nominalStart": JobFact("2026-01-31T12:00:00Z", at(2)),
    }
    assert [event.at for event in run.events] == [at(2), at(5), at(7)]


@pytest.mark.parametrize(
    ("kinds", "state"), [(("START", "COMPLETE"), "COMPLETED"), (("OTHER",), "")]
)
def test_of_one_moment_the_state_that_a_run_ends_in_wins(
    jobs: Jobs, kinds: tuple[str, ...], state: str
) -> None:
    jobs.send(*(told(kind, 1) for kind in kinds))
    assert [run.state for run in jobs.history().runs] == [state]


def test_what_people_wrote_of_a_job_is_kept_and_its_latest_word_counts(jobs: Jobs) -> None:
    event = run_event(["a"], ["b"], minute=5)
    event["job"]["facets"] = {
        "documentation": {"description": "Sums up."},
        "sql": {"query": "SELECT 1"},
        "sourceCodeLocation": {"type": "git", "url": "https://example.com/repo"},
        "jobType": {"processingType": "STREAMING", "integration": "FLINK", "jobType": "JOB"},
        "ownership": {"owners": [{"name": "team", "type": "MAINTAINER"}, {}]},
        "tags": {"tags": [{"key": "pii", "value": "true"}, {"value": "x"}, 3]},
        "sourceCode": {"language": "python", "sourceCode": "print()"},
    }
    event["run"]["facets"] = {
        "parent": {"run": {"runId": "p"}, "job": {"namespace": "scheduler", "name": "dag"}}
    }
    late = run_event(["a"], ["b"], minute=1, run=2)
    late["job"]["facets"] = {"documentation": {"description": "Old."}}
    jobs.send(event, late)
    assert {kind: fact.value for kind, fact in jobs.history().facts.items()} == {
        "documentation": "Sums up.",
        "sql": "SELECT 1",
        "sourceCodeLocation": "https://example.com/repo",
        "jobType": {"processingType": "STREAMING", "integration": "FLINK", "jobType": "JOB"},
        "ownership": [{"name": "team", "type": "MAINTAINER"}],
        "tags": [{"key": "pii", "value": "true"}],
        "sourceCode": "python",
        "parent": {"namespace": "scheduler", "name": "dag"},
    }
    [record] = jobs.index.jobs.values()
    details = record.read_details()
    assert (details.type, details.description, details.location) == (
        "STREAM",
        "Sums up.",
        "https://example.com/repo",
    )
    assert (details.parent, details.tags) == ("dag", ("pii",))


def test_a_facet_that_is_deleted_takes_back_what_was_said(jobs: Jobs) -> None:
    first, second = run_event([], ["b"], minute=1), run_event([], ["b"], minute=2)
    first["job"]["facets"] = {"documentation": {"description": "Wrong."}}
    second["job"]["facets"] = {"documentation": {"_deleted": True}}
    jobs.send(first, second)
    assert jobs.history().facts == {"documentation": JobFact(None, at(2))}
    [record] = jobs.index.jobs.values()
    assert record.read_details().description == ""


def test_an_event_that_is_sent_again_commits_nothing(jobs: Jobs) -> None:
    event = told("COMPLETE", 1)
    jobs.send(event)
    before = jobs.file().revision, jobs.index.revision
    jobs.send(event, event)
    assert (jobs.file().revision, jobs.index.revision) == before == (1, 1)


def test_the_index_changes_every_ten_minutes_at_most(jobs: Jobs) -> None:
    jobs.send(*(told("RUNNING", minute) for minute in range(1, 10)))
    assert (jobs.file().revision, jobs.index.revision) == (9, 1)
    jobs.send(told("COMPLETE", 12))
    [record] = jobs.index.jobs.values()
    assert (jobs.index.revision, record.updated_at) == (2, at(10))
    assert record.created_at == at(1)
    assert jobs.history().updated_at == at(12)


def test_a_repeated_event_finds_an_index_that_an_earlier_try_has_not_written(jobs: Jobs) -> None:
    jobs.send(told("COMPLETE", 1))
    again = Jobs()
    again.pipeline = jobs.pipeline
    again.send(told("COMPLETE", 1))
    assert again.index.jobs == jobs.index.jobs


def test_of_two_writers_the_one_that_has_seen_more_of_a_job_has_the_last_word(jobs: Jobs) -> None:
    jobs.send(told("COMPLETE", 1))
    older = jobs.index.jobs
    jobs.send(told("COMPLETE", 30))
    newer = jobs.index.jobs
    late = [recording.RecordedJob(key, job, is_indexed=False) for key, job in older.items()]
    recording.index_jobs(CONTEXT, jobs.registry, late)
    assert jobs.index.jobs == newer != older
    recording.index_jobs(CONTEXT, jobs.registry, late, rebuilds=True)
    assert jobs.index.jobs == older


def test_the_index_forgets_the_jobs_that_have_been_silent_longest() -> None:
    jobs = Jobs(max_lineage_entries=2)
    for number, minute in enumerate((20, 10, 30)):
        jobs.send(run_event([], ["b"], job=f"job {number}", minute=minute))
    assert [each.name for each in jobs.index.jobs.values()] == ["job 0", "job 2"]
    assert jobs.history("job 1").name == "job 1"


def test_only_the_latest_runs_are_kept(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MAX_RUNS", 2)
    jobs.send(*(told("COMPLETE", minute, run=minute) for minute in (3, 1, 4, 2)))
    assert [run.updated_at for run in jobs.history().runs] == [at(4), at(3)]


def test_the_first_and_last_events_of_a_long_run_are_kept(jobs: Jobs) -> None:
    jobs.send(*(told("RUNNING", minute) for minute in (5, 1, 9, 2, 8, 3, 7, 4, 6, 10)))
    [run] = jobs.history().runs
    assert [event.at for event in run.events] == [*map(at, (1, 2, 3, 4, 7, 8, 9, 10))]


def test_names_of_datasets_are_bounded(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MAX_DATASET_BYTES", 10)
    monkeypatch.setattr(records, "MAX_INDEXED_BYTES", 5)
    jobs.send(job_event([dataset(name * 3, "n") for name in "cab"], []))
    assert [each.name for each in jobs.history().inputs] == ["aaa", "bbb"]
    [record] = jobs.index.jobs.values()
    assert record.read_details().inputs == (("n", "aaa"),)


def test_a_dataset_of_a_job_has_the_times_of_its_first_and_last_mention(jobs: Jobs) -> None:
    jobs.send(*(run_event(["a"], [], minute=minute) for minute in (4, 2, 9)))
    [found] = jobs.history().inputs
    assert (found.first_at, found.last_at) == (NOON + timedelta(minutes=2), at(9))


def test_events_without_a_run_and_of_two_jobs_with_one_run_are_apart(jobs: Jobs) -> None:
    jobs.send(job_event(["a"], [], job="x"), run_event([], ["b"], job="y"), run_event(job="z"))
    assert [len(jobs.history(name).runs) for name in "xyz"] == [0, 1, 1]
    assert {each.name for each in jobs.index.jobs.values()} == {"x", "y", "z"}
    assert [len(jobs.history(name).events) for name in "xyz"] == [1, 0, 0]
