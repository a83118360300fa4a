"""Joins what several events say of a job.

The join is commutative, associative and idempotent, like that of statements (docs/adr/0012): of a
fact the latest counts, of a state the latest, of equals the one that sorts last; sets are united
and their first elements kept.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from datamesh.models.jobs import JobDataset, JobFact, JobHistory, JobRun, KeptEvent
from datamesh.services.jobs.dataset_versions import join_versions
from datamesh.services.jobs.run_ends import join_ends

MAX_RUNS = 100
"""The most runs of a job that something is kept of: those with the latest events."""
MAX_JOB_DATASETS = 1000
MAX_DATASET_BYTES = 65_536
"""How many bytes the names of a job's inputs take, and of its outputs."""
EVENTS_PER_END = 4
"""How many first events of a run are kept, and how many last ones."""

RUNNING, COMPLETED, ABORTED, FAILED = "RUNNING", "COMPLETED", "ABORTED", "FAILED"
TERMINAL = (ABORTED, COMPLETED, FAILED)
"""States that a run ends in."""


def join_histories(*histories: JobHistory) -> JobHistory:
    """Return what all say of one job together. Raises ValueError if there is none."""
    first = histories[0]
    if len(histories) == 1:
        return first
    return msgspec.structs.replace(
        first,
        created_at=min(each.created_at for each in histories),
        updated_at=max(each.updated_at for each in histories),
        facts=join_facts(each.facts for each in histories),
        inputs=join_datasets(each.inputs for each in histories),
        outputs=join_datasets(each.outputs for each in histories),
        runs=_join_runs(run for each in histories for run in each.runs),
        events=_join_events(event for each in histories for event in each.events),
        versions=join_versions(each.versions for each in histories),
    )


def join_facts(told: Iterable[dict[str, JobFact]]) -> dict[str, JobFact]:
    """Return the latest fact of each kind, sorted by kind."""
    found: dict[str, JobFact] = {}
    for kind, fact in (item for facts in told for item in facts.items()):
        known = found.get(kind)
        if known is None or (known is not fact and _get_order(known) < _get_order(fact)):
            found[kind] = fact
    return dict(sorted(found.items()))


def _get_order(fact: JobFact) -> tuple[datetime, bytes]:
    return (fact.at, msgspec.json.encode(fact.value, order="deterministic"))


def join_datasets(told: Iterable[Sequence[JobDataset]]) -> tuple[JobDataset, ...]:
    """Return the datasets by namespace and name, as many as there is room for."""
    found: dict[tuple[str, str], JobDataset] = {}
    for each in (each for datasets in told for each in datasets):
        key = (each.namespace, each.name)
        known = found.get(key)
        found[key] = _join_datasets(known, each) if known else each
    kept: list[JobDataset] = []
    size = 0
    for key in sorted(found)[:MAX_JOB_DATASETS]:
        size += sum(len(part.encode(errors="surrogatepass")) for part in key)
        if size > MAX_DATASET_BYTES:
            break
        kept.append(found[key])
    return tuple(kept)


def _join_datasets(first: JobDataset, second: JobDataset) -> JobDataset:
    is_dropped = first.is_dropped or second.is_dropped
    present = [each for each in (first.last_present_at, second.last_present_at) if each]
    return JobDataset(
        first.namespace,
        first.name,
        min(first.first_at, second.first_at),
        max(first.last_at, second.last_at),
        is_dropped,
        max(present, default=None) if is_dropped else None,
    )


def _join_runs(told: Iterable[JobRun]) -> tuple[JobRun, ...]:
    found: dict[str, list[JobRun]] = {}
    for run in told:
        found.setdefault(run.id, []).append(run)
    runs = [_join_run(each) if len(each) > 1 else each[0] for each in found.values()]
    return tuple(sorted(runs, key=_get_recency, reverse=True)[:MAX_RUNS])


def _get_recency(run: JobRun) -> tuple[datetime, str]:
    return (run.updated_at, run.id)


def _join_run(told: Sequence[JobRun]) -> JobRun:
    latest = max(told, key=_get_state_order)
    return JobRun(
        id=latest.id,
        created_at=min(each.created_at for each in told),
        updated_at=max(each.updated_at for each in told),
        state=latest.state,
        state_at=latest.state_at,
        started_at=min((each.started_at for each in told if each.started_at), default=None),
        ended_at=max((each.ended_at for each in told if each.ended_at), default=None),
        facts=join_facts(each.facts for each in told),
        events=_join_events(event for each in told for event in each.events),
        ends=join_ends(each.ends for each in told),
    )


def _get_state_order(run: JobRun) -> tuple[bool, datetime, bool, str]:
    """Return what decides whose state counts: of one time, one that the run ends in."""
    at = run.state_at
    return (at is not None, at or run.created_at, run.state in TERMINAL, run.state)


def _join_events(told: Iterable[KeptEvent]) -> tuple[KeptEvent, ...]:
    """Return the first events and the last ones, oldest first: a run may have any number."""
    found = sorted(set(told))
    if len(found) <= 2 * EVENTS_PER_END:
        return tuple(found)
    return (*found[:EVENTS_PER_END], *found[-EVENTS_PER_END:])
