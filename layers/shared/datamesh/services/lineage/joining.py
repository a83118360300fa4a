"""Joining of lineage entries that were derived from events.

An entry is one job's, from one product to another. Joining is commutative, associative and
idempotent, so that any order and any repetition of events, and of renames and merges of products,
gives the same entries (docs/adr/0012-openlineage.md).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256

from pydantic import JsonValue

from datamesh.models.json_codec import encode_for_digest
from datamesh.models.lineage import (
    MAX_TRANSFORMATION_LENGTH,
    ColumnLineage,
    Evidence,
    Job,
    LineageType,
    StoredLineageEntry,
)
from datamesh.storage.records import LineageRecord, RecordedName

MAX_COLUMNS = 2000
"""How many pairs of columns an entry has at most."""

OWN_COLUMNS_AT = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of entries that are no edges, and are read for columns alone."""

TRANSFORMING = (LineageType.DIRECT, LineageType.DERIVED, LineageType.AGGREGATED)
"""The kinds of transformations, the least transforming first."""


def pick_most_transforming(kinds: Iterable[LineageType]) -> LineageType:
    """Return the most transforming of some kinds. Raises ValueError if there is none."""
    return max(kinds, key=TRANSFORMING.index)


def join_columns(*sets: Iterable[ColumnLineage]) -> tuple[ColumnLineage, ...]:
    """Return the union, sorted and bounded; of a pair of columns the most transforming kind."""
    kinds: dict[tuple[str, str], LineageType] = {}
    for column in (column for columns in sets for column in columns):
        pair = (column.source, column.target)
        kinds[pair] = pick_most_transforming(
            (kinds.get(pair, column.lineage_type), column.lineage_type)
        )
    return tuple(
        ColumnLineage(source=source, target=target, lineage_type=kinds[source, target])
        for source, target in sorted(kinds)[:MAX_COLUMNS]
    )


def compute_entry_id(job: Job | None, source: str, target: str) -> str:
    """Return the id of the entry of a job from one product to another."""
    named: JsonValue = [job.namespace, job.name] if job else None
    text = encode_for_digest([named, source, target], ascii_only=True)
    return sha256(text).hexdigest()[:16]


def build_own_columns(entry: StoredLineageEntry) -> StoredLineageEntry:
    """Return a derived entry of a product to itself as one of columns made from others of it.

    It is no edge, and is read for columns alone. Nothing else is kept of what it is made from. That
    may be an entry between two products that are one now, whose time, type and confidence are those
    of its strongest evidence: those of its columns are hidden, so that the order would show.
    """
    job = entry.job
    named = f"{job.namespace}/{job.name}" if job else entry.target
    update = {
        "transformation": named[:MAX_TRANSFORMATION_LENGTH].strip(),
        "lineage_type": LineageType.DIRECT,
        "confidence": 1.0,
        "columns": tuple(each for each in entry.columns if each.source != each.target),
        "timestamp": OWN_COLUMNS_AT,
        "evidence": Evidence.COLUMNS,
        "superseded": True,
    }
    return entry.model_copy(update=update)


type AnyEntry = LineageRecord | StoredLineageEntry

type EntryGroup = tuple[RecordedName | None, str]
"""A job and a target: a marker among its entries keeps weaker evidence out."""


def get_group(entry: AnyEntry) -> EntryGroup:
    """Return the group of an entry."""
    job = entry.job
    return (RecordedName(job.namespace, job.name) if isinstance(job, Job) else job, entry.target)


def is_derived(entry: AnyEntry) -> bool:
    """Tell whether an entry comes from events, and was not registered by hand."""
    return entry.evidence is not None


def is_evidence_marker(entry: AnyEntry) -> bool:
    """Tell whether an entry is no edge and never shown, but keeps weaker evidence out.

    Registries of earlier versions also hold some of weaker evidence, which keep nothing out.
    """
    return entry.evidence == Evidence.LINEAGE and entry.source == entry.target


def join_claims(*claims: StoredLineageEntry) -> StoredLineageEntry:
    """Join claims of one entry: the strongest evidence decides, and columns are united.

    Many are joined at once, in linear time, not one by one. Raises ValueError if there is none.
    """
    strength = max(map(_get_strength, claims))
    strong = [claim for claim in claims if _get_strength(claim) == strength]
    update = {
        "columns": join_columns(*(claim.columns for claim in claims)),
        "timestamp": min(claim.timestamp for claim in strong),
        "lineage_type": pick_most_transforming(claim.lineage_type for claim in strong),
        "transformation": min(claim.transformation for claim in strong),
        "confidence": strong[-1].confidence,
    }
    return strong[0].model_copy(update=update)


def reduce_claims(claims: Iterable[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """Join the claims of each entry into one."""
    found: dict[str, list[StoredLineageEntry]] = {}
    for claim in claims:
        found.setdefault(claim.id, []).append(claim)
    return [join_claims(*each) if len(each) > 1 else each[0] for each in found.values()]


def _get_strength(entry: StoredLineageEntry) -> int:
    return entry.evidence or 0


def rank_entries(group: Iterable[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """Return the entries of a group that remain, those that a marker denies as superseded.

    Denied ones of datasets go altogether: they have nothing that a later join would miss.
    """
    found = [*group]
    is_denied = any(map(is_evidence_marker, found))
    kept = [each for each in found if _is_kept(each, is_denied=is_denied)]
    return [
        _mark_superseded(each, each.source == each.target or (is_denied and _is_weak(each)))
        for each in kept
    ]


def _is_kept(entry: StoredLineageEntry, *, is_denied: bool) -> bool:
    if entry.source == entry.target:
        return is_evidence_marker(entry) or bool(entry.columns)
    return not is_denied or entry.evidence != Evidence.DATASETS


def _is_weak(entry: StoredLineageEntry) -> bool:
    return _get_strength(entry) < Evidence.LINEAGE


def _mark_superseded(entry: StoredLineageEntry, superseded: bool) -> StoredLineageEntry:
    if entry.superseded == superseded:
        return entry
    return entry.model_copy(update={"superseded": superseded})
