"""Runs: which events say things together.

A run belongs to its job. Two jobs that share a runId, as those that were copied from one guide do,
share nothing else. But a client may extend the name of a job in the middle of a run, as that of
Spark appends the table that it turns out to write: then what was said under the shorter name holds
for the longer one.
"""

from collections.abc import Iterable
from hashlib import sha256

from pydantic import JsonValue

from datamesh.models.json_codec import encode_for_digest
from datamesh.models.lineage import Job
from datamesh.models.openlineage import RunEvent
from datamesh.services.openlineage.statements import Statement, get_job_key

MAX_NAMES = 100
"""How many jobs of one runId are joined, whose names begin alike; any other stands alone."""
SEPARATOR = "."
"""What comes between the name of a job and what its client appends to it."""


def compute_run_digest(event: RunEvent) -> str:
    """Return what the file of a run is named after.

    Jobs whose names have the first part in common share it, for one may be the other, renamed.
    """
    first_part = event.job.name.partition(SEPARATOR)[0]
    named: JsonValue = [str(event.run.run_id), event.job.namespace, first_part]
    return sha256(encode_for_digest(named, ascii_only=True)).hexdigest()[:32]


def compute_job_digest(event: RunEvent) -> str:
    """Return what tells the jobs of one file of a run apart."""
    return sha256(event.job.name.encode()).hexdigest()[:16]


def join_by_job(*statements: Statement) -> tuple[Statement, ...]:
    """Return what each job says: a statement for each, by name, of at most MAX_NAMES jobs."""
    found: dict[tuple[str, str], list[Statement]] = {}
    for each in statements:
        found.setdefault(_get_key(each), []).append(each)
    return tuple(found[key][0].join_with(*found[key][1:]) for key in sorted(found)[:MAX_NAMES])


def resolve_renames(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statement of each job of a run, with what was said under shorter names of it."""
    known = list(statements)
    return [_add_shorter_names(each, known) for each in known]


def _add_shorter_names(statement: Statement, known: Iterable[Statement]) -> Statement:
    shorter = [each for each in known if _is_extended_by(each.jobs, statement.jobs)]
    if not shorter:
        return statement
    return statement.join_with(*shorter).model_copy(update={"jobs": statement.jobs})


def _is_extended_by(shorter: tuple[Job, ...], longer: tuple[Job, ...]) -> bool:
    """Tell whether the name of one job begins with that of another, as `app.write` with `app`."""
    return any(
        each.namespace == other.namespace and other.name.startswith(each.name + SEPARATOR)
        for each in shorter
        for other in longer
    )


def _get_key(statement: Statement) -> tuple[str, str]:
    return get_job_key(statement.jobs[0]) if statement.jobs else ("", "")
