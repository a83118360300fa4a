"""Marquez' lists: namespaces, the datasets of one, and the results of a search."""

from datamesh.errors import NodeNotFound
from datamesh.models.marquez import MarquezDatasets, MarquezNamespace, MarquezResult, MarquezResults
from datamesh.services.context import RequestContext
from datamesh.services.marquez.graph import build_dataset
from datamesh.services.marquez.index import (
    IndexedNode,
    NodeKind,
    build_node_id,
    get_name_key,
    get_time,
    open_index,
)
from datamesh.services.registry.registry import Registry, cut_page


def list_namespaces(
    context: RequestContext, registry: Registry, limit: int, offset: int
) -> list[MarquezNamespace]:
    """List the namespaces of datasets and of jobs, by name."""
    spans = open_index(context, registry).namespaces
    return [
        MarquezNamespace(name=name, created_at=span.created_at, updated_at=span.updated_at)
        for name, span in cut_page([*spans.items()], limit, offset).items
    ]


def list_datasets(
    context: RequestContext, registry: Registry, namespace: str, limit: int, offset: int
) -> MarquezDatasets:
    """List the datasets of a namespace, by name. Raises NodeNotFound if nothing is in it."""
    index = open_index(context, registry)
    if namespace not in index.namespaces:
        raise NodeNotFound("namespace", namespace)
    page = cut_page(index.datasets_of_namespaces.get(namespace, ()), limit, offset)
    datasets = [build_dataset(dataset.product, dataset.name) for dataset in page.items]
    return MarquezDatasets(datasets=datasets, total_count=page.total)


def search_nodes(
    context: RequestContext,
    registry: Registry,
    wanted: str,
    kind: NodeKind | None,
    *,
    by_time: bool,
    limit: int,
) -> MarquezResults:
    """Find datasets and jobs whose name contains a text, ignoring case.

    They are sorted by name, or the latest first if `by_time`.
    """
    index = open_index(context, registry)
    orders = index.by_time if by_time else index.by_name
    nodes: list[IndexedNode] = []
    total = 0
    for of_kind, order in orders.items():
        if kind in (None, of_kind):
            found, count = order.find_nodes(wanted, limit)
            nodes += found
            total += count
    nodes.sort(key=get_name_key)
    if by_time:
        nodes.sort(key=get_time, reverse=True)
    return MarquezResults(
        total_count=total, results=[_build_result(node) for node in nodes[:limit]]
    )


def _build_result(node: IndexedNode) -> MarquezResult:
    return MarquezResult(
        type=node.kind,
        name=node.name.name,
        updated_at=node.updated_at,
        namespace=node.name.namespace,
        node_id=build_node_id(node.kind, node.name),
    )
