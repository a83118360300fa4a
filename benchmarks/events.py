"""The processor time of an event of OpenLineage, however many products there are.

Through the handler; storage is in memory and costs nothing. Most events are of runs of jobs that
are known, between datasets that are: they change neither file of the registry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice

from benchmarks.lambdas import CONTEXT, Service, over
from benchmarks.measure import ROUNDS, Measurement, Row, alternately, cpu_ms, ratio_at_most
from benchmarks.warm_writes import Held
from tests.lambdas import api_event
from tests.meshes import Bucket, event_pipeline, mesh, product_body, resources

SIZES = (100, 2_500, 10_000)
"""Products; there is an entry for each."""
DATASETS_OF_JOB = 10
BATCH = 100
EVENTS_AT_ONCE = 50
EMPTY = b'{"format":1}'
PREFIXES = count()
GROWTH = ratio_at_most(1.5)

type Event = Mapping[str, object]


@dataclass(frozen=True)
class Functions:
    """The functions over one registry."""

    size: int
    events: Service
    products: Service


def rows(sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS) -> list[Row]:
    registries = [_serve(size) for size in sizes]
    return [
        *known_events(registries, rounds),
        *batches(registries, rounds),
        *[new_dataset(each, rounds) for each in registries],
        renamed_product(registries, rounds),
    ]


def known_events(registries: list[Functions], rounds: int) -> list[Row]:
    """An event of a new run of a known job, against the same in the smallest registry."""
    least, *others = registries
    registered, *found = alternately(
        _measure(least.products, _send_product(least)),
        *(_measure(each.events, _send_event(each)) for each in registries),
        rounds=rounds,
    )
    what, against = "an event of a known job, at", f"register_product at {least.size:,} products"
    name, target = f"{what} {least.size:,} products", ratio_at_most(2)
    first = Row(name, "ms CPU", found[0], registered, against, target)
    return [first, *_compare(what, least, others, found)]


def batches(registries: list[Functions], rounds: int) -> list[Row]:
    """Measure batches of 100 such events."""
    least, *others = registries
    single, *found = alternately(
        _measure(least.events, _send_event(least)),
        *(_measure(each.events, _send_batch(each)) for each in registries),
        rounds=rounds,
    )
    what = "a batch of 100 such events, at"
    against, target = "the same, one by one", ratio_at_most(0.6)
    name = f"{what} {least.size:,} products"
    first = Row(name, "ms CPU", found[0], BATCH * single, against, target)
    return [first, *_compare(what, least, others, found)]


def new_dataset(functions: Functions, rounds: int) -> Row:
    """An event that registers a product and an entry, against what registers a product."""
    measured, compared = alternately(
        _measure(functions.events, _send_new(functions)),
        _measure(functions.products, _send_product(functions)),
        rounds=rounds,
    )
    what = f"an event of a new dataset, at {functions.size:,} products"
    return Row(what, "ms CPU", measured, compared, "register_product there", ratio_at_most(3))


def renamed_product(registries: list[Functions], rounds: int) -> Row:
    """An event of a known job where a product has another name, against the smallest registry."""
    least, most = registries[0], registries[-1]
    _put(most.products, "/product/table_0", {"name": "renamed"})
    measured, compared = alternately(
        _measure(most.events, _send_event(most)),
        _measure(least.events, _send_event(least)),
        rounds=rounds,
    )
    what = f"an event of a known job, at {most.size:,} products of which one is renamed"
    return Row(what, "ms CPU", measured, compared, f"the same at {least.size:,}, none", GROWTH)


def _compare(
    what: str, least: Functions, others: list[Functions], found: list[float]
) -> Iterator[Row]:
    against = f"the same at {least.size:,}"
    for each, value in zip(others, found[1:], strict=True):
        name = f"{what} {each.size:,} products"
        yield Row(name, "ms CPU", value, found[0], against, GROWTH)


def _measure(service: Service, send: Callable[[], object]) -> Measurement:
    return cpu_ms(send, 3, service.select)


def _serve(size: int) -> Functions:
    """Return functions over a registry of jobs that write DATASETS_OF_JOB datasets each."""
    registry = mesh(
        products=Held("products.json", EMPTY),
        lineage=Held("lineage.json", EMPTY),
        max_products=2 * size + 10_000,
        max_lineage_entries=2 * size + 10_000,
    )
    worked_on = resources(registry, events=event_pipeline(Bucket()))
    found = Functions(size, over("openlineage", worked_on), over("products", worked_on))
    found.events.select()
    starts = range(0, size, DATASETS_OF_JOB)
    events = [_build_event(f"first {at}", range(at, at + DATASETS_OF_JOB)) for at in starts]
    for start in range(0, len(events), EVENTS_AT_ONCE):  # also on a busy machine in time
        _post(found.events, "/api/v1/lineage/batch", events[start : start + EVENTS_AT_ONCE])
    return found


def _send_product(functions: Functions) -> Callable[[], object]:
    prefix = f"registered_{next(PREFIXES)}"
    numbers = count()

    def send() -> object:
        body = product_body(name=f"{prefix}_{next(numbers)}", domain="benchmarks")
        return _post(functions.products, "/register_product", body)

    return send


def _send_event(functions: Functions) -> Callable[[], object]:
    events = _iterate_known(functions.size)
    return lambda: _post(functions.events, "/api/v1/lineage", next(events))


def _send_batch(functions: Functions) -> Callable[[], object]:
    events = _iterate_known(functions.size)
    return lambda: _post(functions.events, "/api/v1/lineage/batch", [*islice(events, BATCH)])


def _send_new(functions: Functions) -> Callable[[], object]:
    numbers = count(functions.size)

    def send() -> object:
        number = next(numbers)
        event = _build_event(f"new {number}", [number])
        return _post(functions.events, "/api/v1/lineage", event)

    return send


def _iterate_known(size: int) -> Iterator[Event]:
    """Yield events of new runs, each of a known job that writes one of its datasets.

    Ten that follow each other are of one job, however many jobs there are.
    """
    for number in count():
        yield _build_event(f"known {number}", [number % size])


def _post(service: Service, path: str, body: object) -> object:
    return _send("POST", service, path, body)


def _put(service: Service, path: str, body: object) -> object:
    service.select()
    return _send("PUT", service, path, body)


def _send(method: str, service: Service, path: str, body: object) -> object:
    answer = service.handler(api_event(method, path, body), CONTEXT)
    assert answer["statusCode"] in (200, 201), answer
    return answer


def _build_event(run: str, written: range | list[int]) -> Event:
    job = written[0] // DATASETS_OF_JOB
    columns = [{"name": f"column_{number}", "type": "string"} for number in range(10)]
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-31T12:00:00Z",
        "producer": "https://example.com/benchmarks",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run},
        "job": {"namespace": "benchmarks", "name": f"job_{job}"},
        "inputs": [_build_dataset(f"source_{job}", columns)],
        "outputs": [_build_dataset(f"table_{number}", columns) for number in written],
    }


def _build_dataset(name: str, columns: list[dict[str, str]]) -> Event:
    facet = {
        "_producer": "https://example.com/benchmarks",
        "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json",
        "fields": columns,
    }
    return {"namespace": "warehouse", "name": name, "facets": {"schema": facet}}
