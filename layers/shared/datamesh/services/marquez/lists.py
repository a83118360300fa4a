"""Marquez' lists: namespaces, the datasets of one, and the results of a search."""

from collections import defaultdict
from datetime import datetime

from datamesh.errors import NodeNotFound
from datamesh.models.marquez import MarquezDatasets, MarquezNamespace, MarquezResult, MarquezResults
from datamesh.services.context import RequestContext
from datamesh.services.marquez.graph import MarquezView, NodeKind, build_node_id
from datamesh.services.registry.registry import Registry, cut_page


def list_namespaces(
    context: RequestContext, registry: Registry, limit: int, offset: int
) -> list[MarquezNamespace]:
    """List the namespaces of datasets and of jobs, by name."""
    view = MarquezView(context, registry)
    times: dict[str, list[datetime]] = defaultdict(list)
    for name, product in view.iterate_datasets():
        times[name.namespace] += [product.created_at, product.updated_at]
    for job in view.jobs.values():
        times[job.name.namespace] += job.times
    found = [
        MarquezNamespace(name=name, created_at=min(at), updated_at=max(at))
        for name, at in sorted(times.items())
    ]
    return list(cut_page(found, limit, offset).items)


def list_datasets(
    context: RequestContext, registry: Registry, namespace: str, limit: int, offset: int
) -> MarquezDatasets:
    """List the datasets of a namespace, by name. Raises NodeNotFound if nothing is in it."""
    view = MarquezView(context, registry)
    found = sorted(
        (
            view.build_dataset(product, name)
            for name, product in view.iterate_datasets()
            if name.namespace == namespace
        ),
        key=lambda dataset: dataset.name,
    )
    jobs = view.jobs.values()
    if not found and all(job.name.namespace != namespace for job in jobs):
        raise NodeNotFound("namespace", namespace)
    shown = cut_page(found, limit, offset)
    return MarquezDatasets(datasets=list(shown.items), total_count=shown.total)


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
    found = _list_results(MarquezView(context, registry))
    text = wanted.casefold()
    hits = [each for each in found if text in each.name.casefold() and kind in (None, each.type)]
    hits.sort(key=lambda each: (each.name, each.namespace))
    if by_time:
        hits.sort(key=lambda each: each.updated_at, reverse=True)
    return MarquezResults(total_count=len(hits), results=hits[:limit])


def _list_results(view: MarquezView) -> list[MarquezResult]:
    """List every dataset and every job as a search shows it."""
    return [
        MarquezResult(
            type="DATASET",
            name=name.name,
            updated_at=product.updated_at,
            namespace=name.namespace,
            node_id=build_node_id("DATASET", name),
        )
        for name, product in view.iterate_datasets()
    ] + [
        MarquezResult(
            type="JOB",
            name=job.name.name,
            updated_at=max(job.times),
            namespace=job.name.namespace,
            node_id=id,
        )
        for id, job in view.jobs.items()
    ]
