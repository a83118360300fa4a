"""Names of what a caller may not see, and where events and their facets name it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

type DatasetKey = tuple[str, str]
"""Namespace and name of a dataset."""
type JobName = tuple[str, str]
"""Namespace and name of a job."""


class HiddenNames(NamedTuple):
    """The namespaces and names of what a caller may not see."""

    datasets: frozenset[DatasetKey] = frozenset()
    jobs: frozenset[JobName] = frozenset()

    @property
    def is_empty(self) -> bool:
        """True if the caller may see everything."""
        return not (self.datasets or self.jobs)


NOTHING_HIDDEN = HiddenNames()


def show_facets(facets: Mapping[str, object], hidden: HiddenNames) -> dict[str, object]:
    """Return the facets that name nothing hidden."""
    return {kind: each for kind, each in facets.items() if not has_hidden_name(each, hidden)}


def has_hidden_name(value: object, hidden: HiddenNames) -> bool:
    """Return whether an event, or a part of one, names a dataset or a job that is hidden."""
    return not hidden.is_empty and any(
        (namespace, name) in (hidden.jobs if is_job else hidden.datasets)
        for is_job, namespace, name in _list_names(value)
    )


def _list_names(event: object) -> Iterator[tuple[bool, str, str]]:
    """Yield the namespaces and names of all jobs and datasets that an event names, in facets too.

    The first value is True for a job.
    """
    left: list[tuple[bool, object]] = [(False, event)]
    while left:
        is_job, value = left.pop()
        if isinstance(value, dict):
            namespace, name = value.get("namespace"), value.get("name")
            if isinstance(namespace, str) and isinstance(name, str):
                yield is_job, namespace, name
            left += [(key == "job", each) for key, each in value.items()]
        elif isinstance(value, list):
            left += [(False, each) for each in value]
