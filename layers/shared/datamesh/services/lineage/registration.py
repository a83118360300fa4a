"""Register, remove and prune lineage entries.

When an entry is visible, and when it is garbage, is defined in `visibility.py`.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from pydantic import JsonValue

from datamesh.errors.lineage import LineageNotFound, UnknownLineageEnds
from datamesh.errors.storage import LimitReached
from datamesh.models.access import Role
from datamesh.models.bulk import BulkReport
from datamesh.models.graph import RemovedLineage
from datamesh.models.lineage import (
    LineageEntry,
    LineageRegistration,
    StoredLineageEntry,
)
from datamesh.services.context import RequestContext
from datamesh.services.lineage.known_columns import KnownColumns
from datamesh.services.lineage.missing_ends import (
    OpenAdmission,
    RegisteredEnds,
    register_missing_ends,
)
from datamesh.services.lineage.renames import follow_renames
from datamesh.services.lineage.visibility import is_garbage, is_visible
from datamesh.services.permissions import Permissions
from datamesh.services.registry import bulk
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.byte_limit import ByteBudget
from datamesh.storage.files import LineageFile
from datamesh.storage.records import LineageRecord


def register_lineage(
    context: RequestContext, registry: Registry, registration: LineageRegistration
) -> LineageEntry:
    """Register an entry and return it.

    Raises UnknownLineageEnds, Forbidden, UnknownColumns, LimitReached, and what a commit raises.
    """
    now, ids = context.choose_registration_time(registry.now), _create_id_factory(context)
    limit = registry.max_lineage_entries
    ends = register_missing_ends(
        context,
        registry,
        [registration],
        _open_trial(context.permissions, registry, now, ids),
        partial=False,
    )

    def change(file: LineageFile) -> tuple[LineageFile, LineageEntry]:
        admission = _LineageAdmission(context.permissions, file, ends, limit, now, ids)
        entry = admission.admit(registration)
        return admission.to_file(), entry

    def recall(file: LineageFile, revision: int) -> LineageEntry:
        return LineageEntry(id=ids(0), **registration.to_attributes(), timestamp=now)

    return context.commit_audited(registry.lineage, change, recall)


def register_lineage_entries(
    context: RequestContext, registry: Registry, items: Sequence[JsonValue], *, partial: bool
) -> BulkReport:
    """Register all items in one commit or, if `partial`, those that are valid.

    Raises BulkRefused and LimitReached unless `partial`, and what a commit raises.
    """
    now, ids = context.choose_registration_time(registry.now), _create_id_factory(context)
    candidates = bulk.parse_items(LineageRegistration, items)
    valid = [each for each in candidates if not isinstance(each, bulk.RefusedItem)]
    ends = register_missing_ends(
        context,
        registry,
        valid if partial or len(valid) == len(candidates) else [],
        _open_trial(context.permissions, registry, now, ids),
        partial=partial,
    )

    def find_landed(
        file: LineageFile, revision: int
    ) -> bulk.LandedItems[LineageFile, LineageRegistration]:
        own = {ids(position) for position in range(len(items))}
        return bulk.LandedItems(
            file.model_copy(update={"lineage": [e for e in file.lineage if e.id not in own]}),
            [_build_match(entry) for entry in file.lineage if entry.id in own],
        )

    return bulk.register_items(
        context,
        registry.lineage,
        candidates,
        lambda file: _LineageAdmission(
            context.permissions,
            file,
            ends,
            registry.max_lineage_entries,
            now,
            ids,
            registry.lineage.open_budget(file) if partial else None,
        ),
        find_landed,
        partial=partial,
    )


type IdFactory = Callable[[int], str]
"""Position of an entry among those of one request -> its id."""


def _create_id_factory(context: RequestContext) -> IdFactory:
    """Return a factory that makes the same ids at each try of a request."""
    attempt = context.attempt
    seed = f"{attempt.id} {attempt.first_at.isoformat()}" if attempt else secrets.token_hex(16)
    return lambda position: sha256(f"{seed} {position}".encode()).hexdigest()[:16]


def _build_match(record: LineageRecord) -> Callable[[LineageRegistration], bool]:
    """Return whether an entry was registered from an item."""
    entry = record.to_model()
    return lambda item: all(
        getattr(entry, name) == value for name, value in item.to_attributes().items()
    )


def _open_trial(
    permissions: Permissions, registry: Registry, now: datetime, ids: IdFactory
) -> OpenAdmission:
    """Return what opens an admission to find out which entries would be refused."""
    return lambda file, products: _LineageAdmission(
        permissions,
        file,
        RegisteredEnds(products),
        registry.max_lineage_entries,
        now,
        ids,
        registry.lineage.open_budget(file),
    )


class _LineageAdmission:
    """The entries of a file, to which others are added one by one.

    `ends` has the version of the products file in which their ends must be registered. With a
    `budget`, each entry must fit into that; else the commit tells whether all of them do.
    """

    def __init__(
        self,
        permissions: Permissions,
        file: LineageFile,
        ends: RegisteredEnds,
        limit: int,
        now: datetime,
        ids: IdFactory,
        budget: ByteBudget | None = None,
    ) -> None:
        self._permissions = permissions
        self._file = file
        self._products = ends.products
        self._refused_ends = ends.refused
        self._limit = limit
        self._now = now
        self._ids = ids
        self._budget = budget
        self._admitted = 0
        self._entries = [*follow_renames(file, ends.products).lineage]
        self._pruned = False
        self._columns = KnownColumns(self._products.products)

    def admit(self, registration: LineageRegistration) -> StoredLineageEntry:
        """Add an entry. Raises UnknownLineageEnds, Forbidden, UnknownColumns, LimitReached.

        The caller is a contributor of the target's domain, and sees the source: whoever makes a
        product says what it is made of.
        """
        ends = dict.fromkeys((registration.source, registration.target))
        unknown = [name for name in ends if not self._is_known(name)]
        if not any(name in self._products.products for name in unknown):
            self._columns.check_registration(registration)
        if unknown:
            refused = [*filter(None, map(self._refused_ends.get, unknown))]
            raise (
                refused[0]
                if refused
                else UnknownLineageEnds(unknown, self._describe_renamed(unknown))
            )
        target = self._products.products[registration.target]
        self._permissions.check_role(Role.CONTRIBUTOR, target.domain)
        if len(self._entries) >= self._limit and not self._pruned:
            self._prune_garbage()
        if len(self._entries) >= self._limit:
            raise LimitReached("MAX_LINEAGE_ENTRIES", self._limit)
        entry = StoredLineageEntry(
            id=self._ids(self._admitted),
            **registration.to_attributes(),
            timestamp=self._now,
            products_revision=self._products.revision,
        )
        record = LineageRecord.from_model(entry)
        if self._budget:
            self._budget.add_record(record.bytes_in_file)
        self._entries.append(record)
        self._admitted += 1
        return entry

    def _is_known(self, name: str) -> bool:
        product = self._products.products.get(name)
        return product is not None and self._permissions.can_see(product)

    def _describe_renamed(self, unknown: Sequence[str]) -> str:
        found = ((name, find_new_name(self._products, name)) for name in unknown)
        return "".join(
            f"; '{name}' is called '{new}' now"
            for name, new in found
            if new and self._is_known(new)
        )

    def _prune_garbage(self) -> None:
        self._pruned = True
        self._entries = [kept for kept in self._entries if not is_garbage(kept, self._products)]

    def to_file(self) -> LineageFile:
        """Return the file with the entries that were added."""
        return self._file.model_copy(update={"lineage": self._entries})


def remove_lineage(
    context: RequestContext,
    registry: Registry,
    source: str,
    target: str,
    transformation: str | None = None,
) -> RemovedLineage:
    """Remove the visible entries from one product to another, and return their ids.

    With `transformation`, only the entries of that transformation are removed.

    The caller is a contributor of the target's domain. Raises LineageNotFound if there is none,
    Forbidden, and what a commit raises.
    """
    products = registry.products.read_latest(context.deadline)

    found = (products.products.get(name) for name in (source, target))
    ends = [product for product in found if product]

    def is_match(entry: LineageRecord) -> bool:
        return (
            (entry.source, entry.target) == (source, target)
            and is_visible(entry, products)
            and (transformation is None or entry.to_model().transformation == transformation)
        )

    def change(file: LineageFile) -> tuple[LineageFile, RemovedLineage]:
        entries = follow_renames(file, products).lineage
        ids = [entry.id for entry in entries if is_match(entry)]
        if not ids or not all(map(context.permissions.can_see, ends)):
            raise LineageNotFound(source, target)
        context.permissions.check_role(Role.CONTRIBUTOR, products.products[target].domain)
        kept = [entry for entry in entries if not is_match(entry)]
        return file.model_copy(update={"lineage": kept}), {"removed": len(ids), "ids": ids}

    return context.commit_audited(registry.lineage, change)


def prune_lineage(context: RequestContext, registry: Registry, *, naming: str | None = None) -> int:
    """Remove garbage, and return how many entries were removed.

    With `naming`, all garbage is removed, but only the entries of that product are counted. Raises
    what a commit raises.
    """
    products = registry.products.read_latest(context.deadline)

    def change(file: LineageFile) -> tuple[LineageFile, int]:
        file = follow_renames(file, products)
        garbage = [entry for entry in file.lineage if is_garbage(entry, products)]
        counted = sum(naming in (None, entry.source, entry.target) for entry in garbage)
        if not garbage:
            return file, 0
        kept = [entry for entry in file.lineage if not is_garbage(entry, products)]
        return file.model_copy(update={"lineage": kept}), counted

    return context.commit_audited(registry.lineage, change)
