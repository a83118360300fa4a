"""The content that the registry has to hold after some events, told from the events alone.

Written apart from the registry's own reading of them, and for what `scenarios` and dbt-ol send.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

type Event = dict[str, Any]
type Name = tuple[str, str]
"""Namespace and name, of a dataset or a job."""

CONFIDENCES = {3: 1.0, 2: 0.9, 1: 0.5}
"""The confidences by evidence: `lineage` facets, `columnLineage` facets, inputs and outputs."""


@dataclass(frozen=True)
class Edge:
    job: Name
    source: Name
    target: Name
    lineage_type: str
    confidence: float
    columns: frozenset[tuple[str, str, str]]
    """Source column, target column, type."""


@dataclass(frozen=True)
class Flow:
    """A flow of something of `source` into a target: from a column or all, into a column or all."""

    source: Name
    column: str | None
    into: str | None
    kind: str


class Names:
    """Names that mean one dataset; its first one stands for all."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._first: dict[Name, Name] = {}
        for event in events:
            for dataset in datasets(event):
                name = name_of(dataset)
                links = dataset.get("facets", {}).get("symlinks", {}).get("identifiers", [])
                for link in links:
                    self._first[name_of(link)] = self.one(name)

    def one(self, name: Name) -> Name:
        return self._first.get(name, name)


def edges(events: list[Event]) -> set[Edge]:
    """Return for each job, source and target the best evidence that any event has given."""
    names = Names(events)
    found: dict[tuple[Name, Name], dict[int, set[Flow]]] = defaultdict(lambda: defaultdict(set))
    nowhere: set[tuple[Name, Name]] = set()
    for run in runs(events):
        job = name_of(run["job"])
        for target, evidence, flows in told(run):
            found[job, names.one(target)][evidence] |= {
                Flow(names.one(flow.source), flow.column, flow.into, flow.kind) for flow in flows
            }
        nowhere |= {(job, names.one(target)) for target in without_sources(run)}
    return {
        edge
        for (job, target), by_evidence in found.items()
        for edge in of_target(job, target, by_evidence, 3 if (job, target) in nowhere else 1)
    }


def of_target(
    job: Name, target: Name, by_evidence: dict[int, set[Flow]], least: int
) -> Iterator[Edge]:
    """Yield an edge from each source by its best evidence, if that is at least `least`; the columns
    are of all."""
    everything = {flow for flows in by_evidence.values() for flow in flows}
    for source in {flow.source for flow in everything} - {target}:
        evidence = max(e for e, flows in by_evidence.items() if source in {f.source for f in flows})
        if evidence < least:
            continue
        ours = [flow for flow in everything if flow.source == source]
        between = {(flow.column, flow.into) for flow in ours}
        columns = {
            (column, into, kind({f.kind for f in ours if (f.column, f.into) == (column, into)}))
            for column, into in between
            if column is not None and into is not None
        }
        kinds = {flow.kind for flow in by_evidence[evidence] if flow.source == source}
        yield Edge(job, source, target, kind(kinds), CONFIDENCES[evidence], frozenset(columns))


def runs(events: list[Event]) -> Iterator[Event]:
    """Events of one run as one: they add to each other."""
    joined: dict[object, Event] = {}
    for number, event in enumerate(event for event in events if "job" in event):
        run = event.get("run", {}).get("runId", number)
        before = joined.setdefault(run, {"job": event["job"], "inputs": [], "outputs": []})
        for role in ("inputs",) if is_test(event) else ("inputs", "outputs"):
            before[role] = before[role] + event.get(role, [])
        before["job"] = max(before["job"], event["job"], key=lambda job: len(str(job)))
    yield from joined.values()


def told(run: Event) -> Iterator[tuple[Name, int, set[Flow]]]:
    """Target, evidence, and what flows into it. No flows means that nothing does."""
    inputs = {name_of(dataset) for dataset in run["inputs"]}
    for entry in run["job"].get("facets", {}).get("lineage", {}).get("entries", []):
        if entry["type"] == "DATASET":
            yield name_of(entry), 3, set(of_lineage(entry))
    for dataset in run["outputs"]:
        target, facets = name_of(dataset), dataset.get("facets", {})
        if "lineage" in facets:
            yield target, 3, set(of_lineage(facets["lineage"]))
        if "columnLineage" in facets:
            yield target, 2, set(of_columns(facets["columnLineage"]))
        if inputs:
            yield target, 1, {Flow(source, None, None, "derived") for source in inputs}


def without_sources(run: Event) -> Iterator[Name]:
    """Targets that a facet says come from nowhere."""
    for entry in run["job"].get("facets", {}).get("lineage", {}).get("entries", []):
        if entry["type"] == "DATASET" and entry.get("inputs") == [] and not entry.get("fields"):
            yield name_of(entry)
    for dataset in run["outputs"]:
        facet = dataset.get("facets", {}).get("lineage", {})
        if facet.get("inputs") == [] and not facet.get("fields"):
            yield name_of(dataset)


def of_lineage(facet: dict[str, Any]) -> Iterator[Flow]:
    into: list[tuple[str | None, dict[str, Any]]] = [(None, i) for i in facet.get("inputs", [])]
    into += [(c, i) for c, field in facet.get("fields", {}).items() for i in field["inputs"]]
    for column, source in into:
        if source["type"] == "DATASET":
            yield Flow(name_of(source), source.get("field"), column, how(source))


def of_columns(facet: dict[str, Any]) -> Iterator[Flow]:
    for column, field in facet["fields"].items():
        for source in field["inputFields"]:
            yield Flow(name_of(source), source["field"], column, how(source))
    for source in facet.get("dataset", []):
        yield Flow(name_of(source), source["field"], None, how(source))


def how(source: dict[str, Any]) -> str:
    subtypes = {how.get("subtype") for how in source.get("transformations", [])}
    return kind({KINDS.get(subtype, "derived") for subtype in subtypes})


KINDS = {"IDENTITY": "direct", "AGGREGATION": "aggregated"}


def kind(kinds: set[str]) -> str:
    """Return the kind of several: aggregated if any is, direct if all are."""
    if "aggregated" in kinds:
        return "aggregated"
    return "direct" if kinds == {"direct"} else "derived"


def known(events: list[Event]) -> set[Name]:
    """Every dataset that an event names anywhere, once."""
    names = Names(events)
    found = {names.one(name_of(dataset)) for event in events for dataset in datasets(event)}
    flows = [flow for run in runs(events) for flow in told(run)]
    found |= {names.one(target) for target, *_ in flows}
    return found | {names.one(flow.source) for *_, sources in flows for flow in sources}


def datasets(event: Event) -> Iterator[dict[str, Any]]:
    if "dataset" in event:
        yield event["dataset"]
    yield from event.get("inputs", [])
    if not is_test(event):
        yield from event.get("outputs", [])


def name_of(named: dict[str, Any]) -> Name:
    return named["namespace"], named["name"]


def is_test(event: Event) -> bool:
    """Tell whether a test of dbt wrote it, of which nothing is kept: dbt names a table for each,
    there or not."""
    facet = event.get("job", {}).get("facets", {}).get("jobType", {})
    return str(facet.get("jobType")).upper() == "TEST"
