"""Merging of claims into the lineage entries that there are.

It is commutative, associative and idempotent, so that any order and any repetition of events gives
the same entries (docs/adr/0012-openlineage.md).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain

from datamesh.errors.storage import LimitReached
from datamesh.models.graph import Way
from datamesh.models.lineage import StoredLineageEntry
from datamesh.services.lineage.joining import (
    EntryGroup,
    get_group,
    is_derived,
    join_claims,
    rank_entries,
    reduce_claims,
)
from datamesh.services.lineage.visibility import has_ends, is_garbage
from datamesh.services.registry.lineage_index import Adjacency
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import LineageRecord


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
    after = {each.id: each for group in claimed.values() for each in rank_entries(group.values())}
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
