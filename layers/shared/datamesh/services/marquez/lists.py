"""What Marquez lists: namespaces, the datasets of one, and what a search finds."""

from collections import defaultdict
from datetime import datetime

from datamesh.errors import NodeNotFound
from datamesh.models.marquez import MarquezDatasets, MarquezNamespace, MarquezResult, MarquezResults
from datamesh.services.marquez.graph import Catalogue, Kind, node_id
from datamesh.services.registry.registry import Registry, page


def namespaces(registry: Registry, limit: int, offset: int) -> list[MarquezNamespace]:
    """Of datasets and of jobs, by name."""
    catalogue = Catalogue(registry)
    times: dict[str, list[datetime]] = defaultdict(list)
    for name, product in catalogue.datasets():
        times[name.namespace] += [product.created_at, product.updated_at]
    for job in catalogue.jobs.values():
        times[job.name.namespace] += job.times
    found = [
        MarquezNamespace(name=name, created_at=min(at), updated_at=max(at))
        for name, at in sorted(times.items())
    ]
    return list(page(found, limit, offset).items)


def datasets(registry: Registry, namespace: str, limit: int, offset: int) -> MarquezDatasets:
    """Of a namespace, by name. Raises NodeNotFound."""
    catalogue = Catalogue(registry)
    found = sorted(
        (
            catalogue.dataset(product, name)
            for name, product in catalogue.datasets()
            if name.namespace == namespace
        ),
        key=lambda dataset: dataset.name,
    )
    jobs = catalogue.jobs.values()
    if not found and all(job.name.namespace != namespace for job in jobs):
        raise NodeNotFound("namespace", namespace)
    shown = page(found, limit, offset)
    return MarquezDatasets(datasets=list(shown.items), total_count=shown.total)


def search(
    registry: Registry, wanted: str, kind: Kind | None, *, by_time: bool, limit: int
) -> MarquezResults:
    """Datasets and jobs whose name has the text in it, whatever the case."""
    catalogue = Catalogue(registry)
    found = [
        MarquezResult(
            type="DATASET",
            name=name.name,
            updated_at=product.updated_at,
            namespace=name.namespace,
            node_id=node_id("DATASET", name),
        )
        for name, product in catalogue.datasets()
    ] + [
        MarquezResult(
            type="JOB",
            name=job.name.name,
            updated_at=max(job.times),
            namespace=job.name.namespace,
            node_id=id,
        )
        for id, job in catalogue.jobs.items()
    ]
    text = wanted.casefold()
    hits = [each for each in found if text in each.name.casefold() and kind in (None, each.type)]
    hits.sort(key=lambda each: (each.name, each.namespace))
    if by_time:
        hits.sort(key=lambda each: each.updated_at, reverse=True)
    return MarquezResults(total_count=len(hits), results=hits[:limit])
