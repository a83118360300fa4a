"""Merging of claims into the lineage entries that there are.

It is commutative, associative and idempotent, so that any order and any repetition of events gives
the same entries (docs/adr/0012-openlineage.md).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain

from datamesh.errors import LimitReached
from datamesh.models.graph import Way
from datamesh.models.lineage import Evidence, Job, StoredLineageEntry
from datamesh.services.lineage.visibility import has_ends, is_garbage
from datamesh.services.openlineage.statements import join_columns, pick_most_transforming
from datamesh.services.registry.lineage_index import Adjacency
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import LineageRecord, RecordedName

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


def merge_claims(
    entries: list[LineageRecord],
    claims: Iterable[StoredLineageEntry],
    products: ProductsFile,
    limit: int,
    adjacency: Adjacency | None = None,
) -> list[LineageRecord]:
    """Return the entries with the claims merged in; `entries` itself if they add nothing.

    With the `adjacency` of the entries, only those into the claimed targets are looked at. An entry
    that has not seen the present incarnation of an end gives way to a claim of it. Raises
    LimitReached if there are more than `limit` entries even without garbage.
    """
    claimed: dict[EntryGroup, dict[str, StoredLineageEntry]] = defaultdict(dict)
    for claim in reduce_claims(claims):
        claimed[get_group(claim)][claim.id] = claim
    before: dict[str, StoredLineageEntry] = {}
    positions = [
        at
        for at in _find_positions(entries, {target for _, target in claimed}, adjacency)
        if is_derived(entries[at]) and get_group(entries[at]) in claimed
    ]
    for record in (entries[at] for at in positions):
        entry = before[record.id] = record.to_model()
        if has_ends(record, products) or record.products_revision > products.revision:
            _join_into_group(claimed[get_group(record)], entry)
    after = {each.id: each for group in claimed.values() for each in _rank_entries(group.values())}
    # An entry that is garbage and not claimed again is left to whoever prunes.
    after |= {id: entry for id, entry in before.items() if id not in claimed[get_group(entry)]}
    if before.keys() == after.keys() and all(after[id] is before[id] for id in after):
        return entries
    changed = {id: each for id, each in after.items() if each is not before.get(id)}
    result = _replace_entries(entries, positions, after.keys(), changed)
    if len(result) > max(limit, len(entries)):
        result = [entry for entry in result if not is_garbage(entry, products)]
        if len(result) > limit:
            raise LimitReached("MAX_LINEAGE_ENTRIES", limit)
    return result


def _find_positions(
    entries: list[LineageRecord], targets: AbstractSet[str], adjacency: Adjacency | None
) -> Iterable[int]:
    """Return where the entries into some targets stand, in order."""
    if adjacency is None:
        return (at for at, entry in enumerate(entries) if entry.target in targets)
    found = (adjacency.find_positions(target, Way.UPSTREAM) for target in targets)
    return sorted(chain.from_iterable(found))


def _join_into_group(group: dict[str, StoredLineageEntry], entry: StoredLineageEntry) -> None:
    claim = group.get(entry.id)
    if claim is None:
        group[entry.id] = entry
        return
    both = join_claims(entry, claim)
    same = both.model_copy(
        update={"products_revision": entry.products_revision, "superseded": entry.superseded}
    )
    group[entry.id] = entry if same == entry else same


def _rank_entries(group: Iterable[StoredLineageEntry]) -> list[StoredLineageEntry]:
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


def _replace_entries(
    entries: list[LineageRecord],
    positions: Iterable[int],
    remaining: AbstractSet[str],
    changed: Mapping[str, StoredLineageEntry],
) -> list[LineageRecord]:
    """Replace changed entries where they stand; new ones follow, oldest first.

    Of the entries at the `positions` only those whose ids remain are kept.
    """
    records = {id: LineageRecord.from_model(each) for id, each in changed.items()}
    kept = [*entries]
    removed = set()
    for at in positions:
        id = entries[at].id
        kept[at] = records.get(id, kept[at])
        if id not in remaining:
            removed.add(at)
    if removed:
        kept = [entry for at, entry in enumerate(kept) if at not in removed]
    known = {entries[at].id for at in positions}
    new = [record for id, record in records.items() if id not in known]
    return kept + sorted(new, key=lambda entry: (entry.timestamp, entry.id))
