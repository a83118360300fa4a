"""Marquez' datasets with their checks and columns."""

from uuid import NAMESPACE_URL, uuid5

import msgspec

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.graph import Way
from datamesh.models.json_codec import encode_value
from datamesh.models.lineage import ColumnLineage
from datamesh.models.marquez_reads import (
    MarquezColumnLineage,
    MarquezDetailedDataset,
    MarquezInputField,
)
from datamesh.models.quality import Quality
from datamesh.services.context import RequestContext
from datamesh.services.jobs.dataset_versions import compute_columns_digest
from datamesh.services.lineage.known_columns import KnownColumns
from datamesh.services.lineage.walk import Graph
from datamesh.services.marquez.graph import build_dataset
from datamesh.services.marquez.index import open_index
from datamesh.services.marquez.nodes import IndexedDataset, list_names
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord

MAX_COLUMN_PAIRS = 5000
"""How many pairs of columns a dataset shows at most, the oldest entries first."""


class _EntryColumns(msgspec.Struct, gc=False):
    """The part of an entry that tells whether it has columns."""

    columns: list[msgspec.Raw] = []


_COLUMNS = msgspec.json.Decoder(_EntryColumns)
ALL_CHECKS = "all checks"
"""How checks that succeeded are called: of those a product keeps no list."""


def require_dataset(
    context: RequestContext, registry: Registry, namespace: str, name: str
) -> IndexedDataset:
    """Return a dataset of the index. Raises NodeNotFound."""
    found = open_index(context, registry).find_dataset(namespace, name)
    if found is None:
        raise NodeNotFound("dataset", name, namespace)
    return found


def build_version_id(
    namespace: str, name: str, columns: str, state: str = "", data: str = ""
) -> str:
    """Return the id of a version: that of its content, and so the same wherever it is told."""
    content: list[object] = [namespace, name, columns]
    if state or data:
        content += [state, data]
    return str(uuid5(NAMESPACE_URL, encode_value(content).decode()))


class DatasetBuilder:
    """Builds datasets with all that is known of them, for one request."""

    def __init__(self, context: RequestContext, registry: Registry) -> None:
        self._graph = Graph(context, registry)
        self._known = KnownColumns(self._graph.products)

    def build_dataset(self, found: IndexedDataset) -> MarquezDetailedDataset:
        """Return a dataset with its checks, the columns that its own are made from, its version."""
        dataset, facets = build_dataset(found.product, found.name), None
        if b'"quality":null' not in bytes(found.product.json) and (
            quality := found.product.to_model().quality
        ):
            facets = dataset.facets | {"dataQualityAssertions": build_assertions(quality)}
        columns = compute_columns_digest({each.name: each.type for each in dataset.fields})
        # Checked already; to check it again would take most of the time for a page.
        return MarquezDetailedDataset.model_construct(
            **dict(dataset) | ({"facets": facets} if facets else {}),
            column_lineage=self._list_column_lineage(found.product) or None,
            current_version=build_version_id(found.name.namespace, found.name.name, columns),
        )

    def _list_column_lineage(self, product: ProductRecord) -> list[MarquezColumnLineage]:
        inputs: dict[str, list[MarquezInputField]] = {}
        left = MAX_COLUMN_PAIRS
        for entry in self._graph.find_column_entries(product.name, Way.UPSTREAM):
            if not _COLUMNS.decode(entry.json).columns:
                continue
            for pair in [*self._known.select_pairs(entry)][:left]:
                left -= 1
                inputs.setdefault(pair.target, []).append(self._build_input(entry, pair))
        return [
            MarquezColumnLineage(name=name, input_fields=found) for name, found in inputs.items()
        ]

    def _build_input(self, entry: LineageRecord, pair: ColumnLineage) -> MarquezInputField:
        source = list_names(self._graph.products[entry.source])[0]
        return build_input_field(source.namespace, source.name, pair)


def build_input_field(namespace: str, dataset: str, pair: ColumnLineage) -> MarquezInputField:
    """Return the source of a pair of columns."""
    return MarquezInputField(
        namespace=namespace,
        dataset=dataset,
        field=pair.source,
        transformation_type=pair.lineage_type.value.upper(),
    )


def build_assertions(quality: Quality) -> dict[str, object]:
    """Return the latest checks of a product as the facet `dataQualityAssertions`."""
    found: list[dict[str, object]] = [
        {"assertion": each.assertion, "column": each.column, "success": False}
        for each in quality.failures
    ]
    passed = {"assertion": ALL_CHECKS, "column": None, "success": True}
    return {"assertions": found or [passed]}
