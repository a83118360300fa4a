"""The ends of entries that are no product yet: registered as one, where the operator wants that.

Products are committed first, then lineage: an entry is visible only if it is younger than its ends.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from datamesh.errors.lineage import UnknownLineageEnds
from datamesh.errors.products import UnknownColumns
from datamesh.errors.storage import LimitReached
from datamesh.models.lineage import LineageRegistration
from datamesh.models.products import NAME_PATTERN, UNDESCRIBED, UNOWNED, ProductStatus
from datamesh.models.stored_products import StoredProduct
from datamesh.services.context import RequestContext
from datamesh.services.registry.bulk import Admission
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.byte_limit import ByteBudget
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import ProductRecord

type OpenAdmission = Callable[
    [LineageFile, ProductsFile], Admission[LineageFile, LineageRegistration]
]


@dataclass(frozen=True)
class RegisteredEnds:
    """The products in which the ends of a request's entries are looked up."""

    products: ProductsFile
    refused: Mapping[str, LimitReached] = field(default_factory=dict)
    """Name of an end that could not be registered -> why."""


def register_missing_ends(
    context: RequestContext,
    registry: Registry,
    items: Sequence[LineageRegistration],
    open_admission: OpenAdmission,
    *,
    partial: bool,
) -> RegisteredEnds:
    """Register the ends of entries that are no product, if the registry is to, in one commit.

    Nothing is registered for an entry that would be refused nevertheless, as far as that is known
    now. Once an earlier try has registered the entries, nothing is: an end that is missing then was
    removed since. Raises LimitReached unless `partial`, and what a commit raises.
    """
    domain = registry.missing_products_domain
    if domain is None or context.has_landed(registry.lineage):
        return RegisteredEnds(registry.products.read_latest(context.deadline))
    lineage = registry.lineage.read_latest(context.deadline)
    now = context.choose_registration_time(registry.now)

    def change(file: ProductsFile) -> tuple[ProductsFile, RegisteredEnds]:
        budget = registry.products.open_budget(file)
        admission = _EndAdmission(file, registry.max_products, domain, now, budget)
        refused = admission.admit_all(items, partial)
        if not admission.added:
            return file, RegisteredEnds(file, refused)
        entries = open_admission(lineage, admission.to_file({*admission.added}))
        named = _find_named(entries, items, refused, partial) & {*admission.added}
        if not named:
            return file, RegisteredEnds(file, refused)
        after = admission.to_file(named)
        committed = after.model_copy(update={"revision": file.revision + 1})
        return after, RegisteredEnds(committed, refused)

    return context.commit_derived(registry.products, change)


def _find_named(
    admission: Admission[LineageFile, LineageRegistration],
    items: Sequence[LineageRegistration],
    refused: dict[str, LimitReached],
    partial: bool,
) -> set[str]:
    """Return the ends of the entries that can be registered; none if all must be, and cannot.

    If `partial`, `refused` is told why an end is not needed. Raises LimitReached otherwise.
    """
    named: set[str] = set()
    for item in items:
        try:
            admission.admit(item)
        except (UnknownLineageEnds, UnknownColumns):
            if not partial:
                return set()
        except LimitReached as error:
            if not partial:
                raise
            refused |= {item.source: error, item.target: error}
        else:
            named |= {item.source, item.target}
    return named


class _EndAdmission:
    """The products of a file, to which the missing ends of entries are added."""

    def __init__(
        self,
        file: ProductsFile,
        limit: int,
        domain: str,
        now: datetime,
        budget: ByteBudget | None,
    ) -> None:
        self._file = file
        self._limit = limit
        self._domain = domain
        self._now = now
        self._budget = budget
        self.added: dict[str, ProductRecord] = {}

    def admit_all(
        self, items: Sequence[LineageRegistration], partial: bool
    ) -> dict[str, LimitReached]:
        """Add the missing ends of the entries, and return which do not fit, and why.

        Raises LimitReached for those unless `partial`.
        """
        refused: dict[str, LimitReached] = {}
        for item in items:
            for name in dict.fromkeys((item.source, item.target)):
                try:
                    self._admit(name)
                except LimitReached as error:
                    if not partial:
                        raise
                    refused[name] = error
        return refused

    def _admit(self, name: str) -> None:
        """Add a product unless there is one, or can be none, of that name. Raises LimitReached.

        Nor is one added under a name that a product has given up: that has another name now.
        """
        if (
            name in self._file.products
            or name in self.added
            or find_new_name(self._file, name)
            or not re.fullmatch(NAME_PATTERN, name)
        ):
            return
        if len(self._file.products) + len(self.added) >= self._limit:
            raise LimitReached("MAX_PRODUCTS", self._limit)
        product = StoredProduct(
            name=name,
            domain=self._domain,
            owner=UNOWNED,
            description=UNDESCRIBED,
            schema={},
            status=ProductStatus.INACTIVE,
            created_at=self._now,
            updated_at=self._now,
            since_revision=self._file.revision + 1,
        )
        record = ProductRecord.from_model(product)
        if self._budget:
            self._budget.add_record(record.bytes_in_file)
        self.added[name] = record

    def to_file(self, names: set[str]) -> ProductsFile:
        """Return the file with those of the added products that are named."""
        added = {name: record for name, record in self.added.items() if name in names}
        return self._file.model_copy(update={"products": {**self._file.products, **added}})
