"""Records of the index of jobs: each a pure function of everything that is known of its job."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from datamesh.models.jobs import JobDataset, JobDetails, JobHistory, JobRecord
from datamesh.models.json_codec import encode_for_digest

RUNS_PREFIX = "openlineage/runs/"

INDEX_MINUTES = 10
"""How often a job that runs all the time changes the index at most."""
MAX_INDEXED_DATASETS = 100
MAX_INDEXED_BYTES = 8192
"""How many bytes the names of a job's inputs take in the index, and of its outputs."""
MAX_INDEXED_TEXT = 500
MAX_INDEXED_TAGS = 20

_encode_details = msgspec.json.Encoder(order="deterministic").encode


def compute_job_key(namespace: str, name: str) -> str:
    """Return the digest that a job's file is named after."""
    return sha256(encode_for_digest([namespace, name], ascii_only=True)).hexdigest()[:32]


def compute_run_folder(run_id: str) -> str:
    """Return the folder of the files of all runs that have an id."""
    return sha256(run_id.encode(errors="surrogatepass")).hexdigest()[:32]


def build_record(history: JobHistory, revision: int) -> JobRecord:
    """Return what the index holds of a job; its last minutes do not show."""
    return JobRecord(
        namespace=history.namespace,
        name=history.name,
        created_at=history.created_at,
        updated_at=max(history.created_at, shorten_time(history.updated_at)),
        revision=revision,
        hidden=history.hidden,
        details=msgspec.Raw(_encode_details(build_details(history, MAX_INDEXED_TEXT))),
    )


def shorten_time(moment: datetime) -> datetime:
    """Return the moment, or up to INDEX_MINUTES before."""
    over = timedelta(
        minutes=moment.minute % INDEX_MINUTES,
        seconds=moment.second,
        microseconds=moment.microsecond,
    )
    return moment - over


def build_details(history: JobHistory, max_text: int) -> JobDetails:
    """Return what lists show of a job, texts cut to `max_text` letters."""
    told = {kind: fact.value for kind, fact in history.facts.items() if fact.value}
    parent = told.get("parent")
    return JobDetails(
        type=find_type(told.get("jobType")),
        description=str(told.get("documentation", ""))[:max_text],
        location=str(told.get("sourceCodeLocation", ""))[:max_text],
        parent=str(parent["name"])[:max_text] if isinstance(parent, dict) else "",
        tags=find_tags(history)[:MAX_INDEXED_TAGS],
        inputs=_select_names(history.inputs),
        outputs=_select_names(history.outputs),
    )


def find_type(told: object) -> str:
    """Return Marquez' kind of a job: BATCH, STREAM or SERVICE."""
    kind = told.get("processingType", "") if isinstance(told, dict) else ""
    kinds: Mapping[str, str] = {"STREAMING": "STREAM", "STREAM": "STREAM", "SERVICE": "SERVICE"}
    return kinds.get(kind.upper(), "BATCH")


def find_tags(history: JobHistory) -> tuple[str, ...]:
    """Return the tags of a job, sorted: those of events, as people have changed them."""
    fact = history.facts.get("tags")
    told: Iterable[dict[str, str]] = (fact.value or ()) if fact else ()
    found = {tag["key"] for tag in told} | {tag for tag, there in history.tags.items() if there}
    return tuple(sorted(tag for tag in found if history.tags.get(tag, True)))


def _select_names(datasets: Sequence[JobDataset]) -> tuple[tuple[str, str], ...]:
    """Return the names of the first datasets, as many as there is room for."""
    kept = []
    size = 0
    for each in datasets[:MAX_INDEXED_DATASETS]:
        size += len(each.namespace.encode()) + len(each.name.encode())
        if size > MAX_INDEXED_BYTES:
            break
        kept.append((each.namespace, each.name))
    return tuple(kept)
