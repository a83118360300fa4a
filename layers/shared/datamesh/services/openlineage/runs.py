"""Runs: which events say things together.

A run belongs to its job. Two jobs that share a runId, as those that were copied from one guide do,
share nothing else. But a client may extend the name of a job in the middle of a run, as that of
Spark appends the table that it turns out to write: then what was said under the shorter name holds
for the longer one.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from pydantic import JsonValue

from datamesh.models.json_codec import encode_for_digest
from datamesh.models.openlineage import RunEvent
from datamesh.services.jobs.records import compute_run_folder
from datamesh.services.openlineage.statements import Statement, get_job_key

MAX_NAMES = 100
"""How many jobs of one runId are joined, whose names begin alike; any other stands alone."""
SEPARATOR = "."
"""The text between the name of a job and what its client appends to it."""

type _JobKey = tuple[str, str]
"""Namespace and name of a job; both empty for what belongs to none."""


def compute_run_digest(event: RunEvent) -> str:
    """Return the name of the file of a run.

    Jobs whose names have the first part in common share it, for one may be the other, renamed.
    """
    first_part = event.job.name.partition(SEPARATOR)[0]
    named: JsonValue = [str(event.run.run_id), event.job.namespace, first_part]
    return sha256(encode_for_digest(named, ascii_only=True)).hexdigest()[:32]


def compute_run_path(event: RunEvent) -> str:
    """Return where the file of a run is: those of one runId are in one folder."""
    return f"{compute_run_folder(str(event.run.run_id))}/{compute_run_digest(event)}"


def compute_job_digest(event: RunEvent) -> str:
    """Return what tells the jobs of one file of a run apart."""
    return sha256(event.job.name.encode()).hexdigest()[:16]


def join_by_job(*statements: Statement) -> tuple[Statement, ...]:
    """Return what each job says: a statement for each, by name, of at most MAX_NAMES jobs."""
    found: dict[_JobKey, list[Statement]] = {}
    for each in statements:
        found.setdefault(_get_key(each), []).append(each)
    return tuple(_join_statements(found[key]) for key in sorted(found)[:MAX_NAMES])


def _join_statements(statements: Sequence[Statement]) -> Statement:
    return statements[0].join_with(*statements[1:]) if len(statements) > 1 else statements[0]


def resolve_renames(statements: Iterable[Statement]) -> list[Statement]:
    """Return the statement of each job of a run, with what was said under shorter names of it."""
    known = {_get_key(each): each for each in statements}
    return [_add_shorter_names(key, known) for key in known]


def _add_shorter_names(key: _JobKey, known: Mapping[_JobKey, Statement]) -> Statement:
    """Return what a job says, and what those say whose names its name extends after a dot."""
    namespace, name = key
    starts = (name[:at] for at, letter in enumerate(name) if letter == SEPARATOR)
    shorter = [known[namespace, start] for start in starts if (namespace, start) in known]
    if not shorter:
        return known[key]
    return known[key].join_with(*shorter).model_copy(update={"jobs": known[key].jobs})


def _get_key(statement: Statement) -> _JobKey:
    return get_job_key(statement.jobs[0]) if statement.jobs else ("", "")
