"""The scenarios that `send` may send. Imported in `.venv-openlineage` alone."""

from collections.abc import Callable, Iterator

import attr
from openlineage.client.client import Event
from openlineage.client.event_v2 import InputDataset, RunState
from openlineage.client.facet_v2 import documentation_dataset, lineage, symlinks_dataset

from tests.openlineage.events import Pipeline, checked, columns, owned_by, schema

BURST = 24


def column_lineage(pipe: Pipeline) -> Iterator[Event]:
    """A copy, an aggregation and a derivation; a dataset that is known by two names."""
    link = symlinks_dataset.Identifier(pipe.lake, "trips", "TABLE")
    yield from pipe.run(
        "load_trips",
        [pipe.read("raw.trips", schema=schema(id="string", km="double", note=None))],
        [
            pipe.written(
                "trips",
                schema=schema(id="string", km="double"),
                ownership=owned_by("team:logistics", "user:ada"),
                symlinks=symlinks_dataset.SymlinksDatasetFacet([link]),
                columnLineage=columns(
                    id=[pipe.column("raw.trips", "id", "IDENTITY")],
                    km=[pipe.column("raw.trips", "km", "IDENTITY")],
                ),
            )
        ],
    )
    yield from pipe.run(
        "count_trips",
        [pipe.read("trips", pipe.lake), pipe.read("calendar")],
        [
            pipe.written(
                "trips_a_day",
                columnLineage=columns(
                    pipe.column("calendar", "day", "FILTER"),
                    trips=[pipe.column("trips", "id", "AGGREGATION")],
                    km=[pipe.column("trips", "km", "AGGREGATION")],
                ),
            )
        ],
    )
    label = columns(label=[pipe.column("trips", "id", "TRANSFORMATION")])
    yield from pipe.run(
        "label_trips", [pipe.read("trips")], [pipe.written("labels", columnLineage=label)]
    )


def datasets_alone(pipe: Pipeline) -> Iterator[Event]:
    """Every input goes into every output; a table that is built upon itself; a run that fails."""
    yield from pipe.run(
        "split", [pipe.read("a"), pipe.read("b")], [pipe.written("x"), pipe.written("y")]
    )
    yield from pipe.run("append", [pipe.read("log"), pipe.read("a")], [pipe.written("log")])
    yield from pipe.run("broken", [pipe.read("a")], [], RunState.FAIL)


def inputs_first(pipe: Pipeline) -> Iterator[Event]:
    """The start of a run knows what it reads, its end what it has written."""
    start, end = pipe.run("export", [], [pipe.written("exported")])
    yield attr.evolve(start, inputs=[pipe.read("a"), pipe.read("b")])
    yield end


def lineage_facets(pipe: Pipeline) -> Iterator[Event]:
    """Yield `lineage` facets on a dataset and on a job. The inputs that it does not name stay, but
    for `heartbeat`."""
    told = lineage.LineageDatasetFacet(
        inputs=[pipe.flow("visits", "country", "FILTER")],
        fields={
            "user": lineage.LineageFieldEntry([pipe.flow("visits", "user", "IDENTITY")]),
            "visits": lineage.LineageFieldEntry([pipe.flow("visits", "id", "AGGREGATION")]),
        },
    )
    doubtful = columns(user=[pipe.column("users", "id", "IDENTITY")])
    yield from pipe.run(
        "per_user",
        [pipe.read("visits"), pipe.read("users")],
        [pipe.written("visitors", lineage=told, columnLineage=doubtful)],
    )
    entries = lineage.LineageJobFacet(
        [
            lineage.LineageDatasetEntry(
                pipe.warehouse, "archive", "DATASET", [pipe.flow("visits", None, "IDENTITY")]
            ),
            lineage.LineageDatasetEntry(pipe.warehouse, "heartbeat", "DATASET", []),
            lineage.LineageJobEntry("JOB", inputs=[pipe.flow("settings", None, "IDENTITY")]),
        ]
    )
    yield from pipe.run(
        "archive",
        [pipe.read("visits"), pipe.read("settings")],
        [pipe.written("archive"), pipe.written("heartbeat")],
        lineage=entries,
    )


def better_and_worse(pipe: Pipeline) -> Iterator[Event]:
    """One job says ever more precisely where its table comes from, then less so again."""
    inputs = [pipe.read("sold"), pipe.read("prices")]
    facet = columns(total=[pipe.column("sold", "total", "AGGREGATION")])
    for _ in range(2):
        yield from pipe.run("totals", inputs, [pipe.written("totals")])
        yield from pipe.run("totals", inputs, [pipe.written("totals", columnLineage=facet)])


def without_a_run(pipe: Pipeline) -> Iterator[Event]:
    yield pipe.declared("nightly", [pipe.read("in")], [pipe.written("out")])
    yield pipe.described(
        "out",
        schema=schema(id="bigint"),
        ownership=owned_by("team:nightly"),
        documentation=documentation_dataset.DocumentationDatasetFacet("What the night left"),
    )


def quality(pipe: Pipeline, *, unique: bool) -> Iterator[Event]:
    facets = {"dataQualityAssertions": checked(not_null=True, unique=unique)}
    table = InputDataset(pipe.warehouse, "checked", facets)
    yield from pipe.run("check", [table], [], RunState.COMPLETE if unique else RunState.FAIL)


def aborted(pipe: Pipeline) -> Iterator[Event]:
    """Yield an event without a time zone, as dbt-ol's last word about a dbt that was killed."""
    *_, event = pipe.run("killed", [pipe.read("a")], [], RunState.ABORT)
    yield attr.evolve(event, eventTime=event.eventTime.removesuffix("+00:00"))


def again(pipe: Pipeline) -> Iterator[Event]:
    """The very same events several times, as a client that got no answer sends them."""
    for event in list(column_lineage(pipe)):
        yield from [event] * 3


def burst(pipe: Pipeline) -> Iterator[Event]:
    """More runs than one process of the registry handles at a time."""
    for number in range(BURST):
        yield from pipe.run(f"job_{number}", [pipe.read("hub")], [pipe.written(f"spoke_{number}")])


SCENARIOS: dict[str, Callable[[Pipeline], Iterator[Event]]] = {
    "column-lineage": column_lineage,
    "datasets-alone": datasets_alone,
    "inputs-first": inputs_first,
    "lineage-facets": lineage_facets,
    "better-and-worse": better_and_worse,
    "without-a-run": without_a_run,
    "quality-passed": lambda pipe: quality(pipe, unique=True),
    "quality-failed": lambda pipe: quality(pipe, unique=False),
    "aborted": aborted,
    "again": again,
    "burst": burst,
}
