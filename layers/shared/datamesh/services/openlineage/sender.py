"""Limits of what the sender of an event may say.

An event is about its job and what that writes. Of what the job reads, anybody may say that it does;
more than that only who may send events of its namespace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

from pydantic import JsonValue

from datamesh.errors.access import ForeignNamespaces
from datamesh.models.openlineage import DatasetEvent, Event, EventDataset, RunEvent
from datamesh.services.openlineage.facets import read_symlinks
from datamesh.services.openlineage.lifecycle_facet import find_previous_name
from datamesh.services.openlineage.lineage_facets import read_lineage_targets
from datamesh.services.openlineage.parsing import ReceivedEvent, receive_event
from datamesh.services.openlineage.product_domain import EventPolicy, write_domain
from datamesh.services.permissions import Permissions

FACET_FIELDS = ("facets", "inputFacets")


def receive_event_of_sender(
    permissions: Permissions, policy: EventPolicy, raw: JsonValue
) -> ReceivedEvent:
    """Parse an event, as far as its sender may say what it says.

    Facets of inputs of other namespaces are left out, of what is kept as well, and are among the
    skipped parts. Raises InvalidEvent, and ForeignNamespaces if the event is about a job or a
    dataset of a namespace that the sender has no grant for.
    """
    received = receive_event(raw)
    if foreign := _find_foreign(permissions, policy, _list_subjects(received.event)):
        raise ForeignNamespaces(permissions.principal, foreign)
    if isinstance(received.event, DatasetEvent):
        return received
    inputs = [each.namespace for each in received.event.inputs]
    if not (foreign := _find_foreign(permissions, policy, inputs)):
        return received
    kept, skipped = _leave_out_facets(cast(dict[str, JsonValue], raw), {*foreign})
    if not skipped:
        return received
    received = receive_event(kept)
    return replace(received, skipped=(*received.skipped, *skipped))


def _find_foreign(
    permissions: Permissions, policy: EventPolicy, namespaces: Iterator[str] | list[str]
) -> list[str]:
    named = dict.fromkeys(namespaces)
    domains = {each: policy.domains.get(each) or write_domain(each) for each in named}
    return permissions.find_foreign_namespaces(named, domains)


def _list_subjects(event: Event) -> Iterator[str]:
    """Yield the namespaces that an event is about: of its job, its outputs and their other names.

    A symlink, or a former name, makes one product of two.
    """
    if isinstance(event, DatasetEvent):
        yield from _list_names(event.dataset)
        return
    yield event.job.namespace
    for output in event.outputs:
        yield from _list_names(output)
    run_facets = [event.run.facets] if isinstance(event, RunEvent) else []
    for facets in (event.job.facets, *run_facets):
        yield from (target.namespace for target, _ in read_lineage_targets(facets))


def _list_names(dataset: EventDataset) -> Iterator[str]:
    yield dataset.namespace
    yield from (each.namespace for each in read_symlinks(dataset))
    if previous := find_previous_name(dataset):
        yield previous.namespace


def _leave_out_facets(
    raw: Mapping[str, JsonValue], namespaces: set[str]
) -> tuple[dict[str, JsonValue], list[str]]:
    """Return an event without facets of its inputs of some namespaces, and where they stood."""
    inputs: list[JsonValue] = []
    skipped = []
    for index, each in enumerate(cast(list[JsonValue], raw.get("inputs") or [])):
        if isinstance(each, dict) and each.get("namespace") in namespaces:
            skipped += [f"inputs.{index}.{name}" for name in FACET_FIELDS if each.get(name)]
            each = {name: value for name, value in each.items() if name not in FACET_FIELDS}
        inputs.append(each)
    return {**raw, "inputs": inputs}, skipped
