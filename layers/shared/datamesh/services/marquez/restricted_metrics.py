"""Metrics of columns in kept events, and in the versions that these tell of.

Those of restricted columns are for stewards. The least and the greatest value of a
column, and its quantiles, are values of it.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from datamesh.models.columns import fold_case
from datamesh.models.json_codec import decode_lenient, encode_canonical
from datamesh.services.context import RequestContext
from datamesh.services.datasets.shared_places import (
    ListHidden,
    list_all_products,
    list_hidden_columns,
)
from datamesh.services.registry.hidden_names import DatasetKey
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import ProductRecord

RESTRICTED = b'"restricted_columns":['
"""Begins the restricted columns in the JSON of a record: only records with it are parsed."""
METRICS = "columnMetrics"


class HiddenColumns:
    """The columns of datasets that a caller may not read, each looked up where an event has it."""

    def __init__(
        self, context: RequestContext, registry: Registry, list_hidden: ListHidden
    ) -> None:
        """Keep the caller, and where products are."""
        self._context = context
        self._registry = registry
        self._list_hidden = list_hidden
        self._found: dict[DatasetKey, frozenset[str]] = {}

    def find_columns(self, dataset: DatasetKey) -> frozenset[str]:
        """Return the hidden columns of a dataset, case-folded. Raises StorageUnavailable."""
        product = self._products.get(dataset)
        if product is None:
            return frozenset()
        if dataset not in self._found:
            self._found[dataset] = list_hidden_columns(
                self._context, self._registry, self._list_hidden, product.to_model()
            )
        return self._found[dataset]

    @cached_property
    def _products(self) -> Mapping[DatasetKey, ProductRecord]:
        """Dataset -> its product; none if no column is restricted, or to an administrator."""
        if self._context.permissions.is_admin:
            return {}
        records = list_all_products(self._context, self._registry, self._list_hidden)
        if not any(RESTRICTED in bytes(each.json) for each in records):
            return {}
        return {(name.namespace, name.name): each for each in records for name in each.openlineage}


def cut_metrics(body: bytes, hidden: HiddenColumns) -> bytes:
    """Return an event without the metrics of hidden columns; the very bytes if it has none."""
    if METRICS.encode() not in body:
        return body
    event = decode_lenient(body)
    return encode_canonical(event) if _cut(event, hidden) else body


def cut_facets(facets: Mapping[str, Any], dataset: DatasetKey, hidden: HiddenColumns) -> bool:
    """Take the metrics of hidden columns out of facets of a dataset; tell whether there were any.

    Raises StorageUnavailable.
    """
    is_cut = False
    for facet in facets.values():
        metrics = facet.get(METRICS) if isinstance(facet, dict) else None
        if not isinstance(metrics, dict):
            continue
        columns = hidden.find_columns(dataset)
        for name in [each for each in metrics if _is_column(each, columns)]:
            del metrics[name]
            is_cut = True
    return is_cut


def _cut(event: Any, hidden: HiddenColumns) -> bool:
    """Take the metrics of hidden columns out of an event, and return whether it had any."""
    is_cut = False
    for dataset in _list_datasets(event):
        key = (str(dataset.get("namespace")), str(dataset.get("name")))
        for kind in ("facets", "inputFacets", "outputFacets"):
            facets = dataset.get(kind)
            if isinstance(facets, dict) and cut_facets(facets, key, hidden):
                is_cut = True
    return is_cut


def _list_datasets(event: Any) -> list[dict[str, Any]]:
    fields = event if isinstance(event, dict) else {}
    lists = [fields.get("inputs"), fields.get("outputs"), [fields.get("dataset")]]
    return [
        each
        for found in lists
        if isinstance(found, list)
        for each in found
        if isinstance(each, dict)
    ]


def _is_column(name: str, columns: frozenset[str]) -> bool:
    """Return whether a metric is of one of the columns, or of a field of it."""
    folded = fold_case(name)
    return folded in columns or any(folded.startswith(f"{each}.") for each in columns)
