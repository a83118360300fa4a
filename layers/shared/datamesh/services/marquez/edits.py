"""Edit the datasets of the registry as Marquez' clients do: their tags, and whether they are shown.

A dataset is a product under one of its names. What is edited is the product, conditionally and
audited like every other change of one.
"""

from collections.abc import Callable
from datetime import datetime

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.access import Role
from datamesh.models.lifecycle import DatasetLife
from datamesh.models.products import MAX_PRODUCT_BYTES, DatasetName
from datamesh.models.stored_products import StoredProduct
from datamesh.models.values import TICK
from datamesh.services.context import RequestContext
from datamesh.services.marquez.datasets import require_dataset
from datamesh.services.openlineage.lives import OpenLife, compute_dataset_key
from datamesh.services.products.sizes import build_bounded_record
from datamesh.services.products.tagging import tag_column, tag_product
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Edit = Callable[[StoredProduct], StoredProduct]
"""A pure function; it returns the very product if there is nothing to change."""


class DatasetEditor:
    """Edits the dataset of a name. Raises NodeNotFound if there is none."""

    def __init__(
        self, context: RequestContext, registry: Registry, namespace: str, name: str
    ) -> None:
        self._context = context
        self._registry = registry
        self._name = (namespace, name)
        self._found = require_dataset(context, registry, namespace, name)
        if not context.permissions.can_see(self._found.product):
            raise NodeNotFound("dataset", name, namespace)

    def edit_tag(self, tag: str, *, adds: bool) -> None:
        """Give the dataset a tag, or take it away.

        Raises Forbidden, TooManyTags, ProductTooLarge, NodeNotFound, and what a commit raises.
        """
        self._commit(Role.CONTRIBUTOR, lambda product: tag_product(product, tag, adds=adds))

    def edit_column_tag(self, column: str, tag: str, *, adds: bool) -> None:
        """Give a column of the dataset a tag, or take it away. Raises as `edit_tag` does."""
        self._commit(Role.CONTRIBUTOR, lambda product: tag_column(product, column, tag, adds=adds))

    def hide(self, open_life: OpenLife) -> None:
        """Hide the dataset as one that was dropped, until a later event says that it is there.

        The product stays, with its lineage. Raises Forbidden, NodeNotFound, and what a commit
        raises.
        """
        self._context.permissions.check_role(Role.STEWARD, self._found.product.domain)
        now = self._context.choose_registration_time(self._registry.now)
        record = _find_record(self._read_products(), self._found.product.name)
        for dataset in record.to_model().openlineage if record else ():
            self._store_life(open_life, dataset, now)
        changes = {"dropped_at": now, "hidden": True, "changed": None}
        self._commit(Role.STEWARD, lambda product: product.model_copy(update=changes))

    def _read_products(self) -> ProductsFile:
        return self._registry.products.read_latest(self._context.deadline)

    def _store_life(self, open_life: OpenLife, dataset: DatasetName, now: datetime) -> None:
        """Keep that the dataset is gone where events look for it."""
        document = open_life(compute_dataset_key(dataset))
        told = DatasetLife(dropped_at=now)
        self._context.commit_derived(
            document,
            lambda file: (file.model_copy(update={"life": file.life.join_with(told)}), None),
        )

    def _commit(self, role: Role, edit: Edit) -> None:
        now = self._context.choose_registration_time(self._registry.now)

        def change(file: ProductsFile) -> tuple[ProductsFile, None]:
            record = _find_record(file, self._found.product.name)
            if record is None:
                raise NodeNotFound("dataset", self._name[1], self._name[0])
            self._context.permissions.check_role(role, record.domain)
            before = record.to_model()
            after = edit(before)
            if after is before:
                return file, None
            moved = {"updated_at": max(now, before.updated_at + TICK)}
            after = after.model_copy(update=moved)
            build_bounded_record(after, max(MAX_PRODUCT_BYTES, record.size))
            return file.with_product(after), None

        self._context.commit_derived(self._registry.products, change)


def _find_record(file: ProductsFile, name: str) -> ProductRecord | None:
    """Return the product of a name that it may have given up since."""
    return file.products.get(find_new_name(file, name) or name)
