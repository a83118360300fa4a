"""Reads the facet `lifecycleStateChange`: a dataset was created, changed, renamed or dropped.

A dropped dataset is not written by the job that drops it: such a mention says nothing else, ties
nothing, and registers nothing. A run that has failed, or was aborted, has changed no dataset.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from datamesh.models.lifecycle import DROP, RENAME, DatasetLife, LifecycleChange
from datamesh.models.openlineage import Event, EventDataset, RunEvent
from datamesh.models.products import DatasetName
from datamesh.models.values import Timestamp
from datamesh.services.openlineage import facets

STATES = frozenset({"ALTER", "CREATE", DROP, "OVERWRITE", RENAME, "TRUNCATE"})
FAILURES = frozenset({"ABORT", "FAIL"})
"""The types of events after which nothing has changed."""


class StateChange(NamedTuple):
    """The change of a dataset that its facet tells."""

    state: str
    """Empty if there is none."""
    previous: DatasetName | None = None
    """The name that it had before a RENAME."""


NO_CHANGE = StateChange("")


def read_state_change(dataset: EventDataset) -> StateChange:
    """Return what the facet says; no state if it is missing or has another one."""
    facet = facets.get_facet(dataset.facets, "lifecycleStateChange")
    state = facets.as_text(facet.get("lifecycleStateChange")).upper()
    if state not in STATES:
        return NO_CHANGE
    before = facets.read_dataset_name(facets.as_mapping(facet.get("previousIdentifier")))
    is_renamed = state == RENAME and before != dataset.dataset
    return StateChange(state, before if is_renamed else None)


def is_dropped(dataset: EventDataset) -> bool:
    """Tell whether an event names a dataset only to say that it is dropped."""
    return bool(dataset.facets) and read_state_change(dataset).state == DROP


def select_present(datasets: Iterable[EventDataset]) -> list[EventDataset]:
    """Return the datasets that are not dropped."""
    return [each for each in datasets if not is_dropped(each)]


def has_failed(event: Event) -> bool:
    """Tell whether a run has failed, so that it has changed no dataset."""
    return isinstance(event, RunEvent) and event.event_type in FAILURES


def find_previous_name(dataset: EventDataset) -> DatasetName | None:
    """Return the name that a dataset had before it was renamed, if it was."""
    return read_state_change(dataset).previous if dataset.facets else None


def read_life(
    dataset: EventDataset, at: Timestamp, *, is_written: bool, has_failed: bool
) -> DatasetLife:
    """Return what an event says about the life of a dataset, which a job writes or not."""
    change = read_state_change(dataset) if dataset.facets and not has_failed else NO_CHANGE
    if change.state == DROP:
        return DatasetLife(dropped_at=at)
    if not change.state:
        return DatasetLife(written_at=at if is_written and not is_dropped(dataset) else None)
    return DatasetLife(
        named_at=at if change.previous else None,
        written_at=at,
        change=LifecycleChange(state=change.state, at=at),
    )


def list_dropped_names(dataset: EventDataset) -> Mapping[DatasetName, None]:
    """Return all names of a dataset that is dropped: it is so under each of them."""
    return dict.fromkeys([dataset.dataset, *facets.read_symlinks(dataset)])
