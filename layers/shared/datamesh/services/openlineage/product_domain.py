"""The policy of events: what the operator has decided, and the domain of a product."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datamesh.models.products import MAX_DOMAIN_LENGTH, UNSUITABLE_IN_DOMAINS, DatasetName
from datamesh.models.stored_products import Provenance

UNSUITABLE_IN_NAMESPACES = re.compile(f":?[{UNSUITABLE_IN_DOMAINS}]+")
"""A scheme's colon goes with its slashes."""


@dataclass(frozen=True)
class EventPolicy:
    """The decisions of the operator about events."""

    auto_register: bool = True
    """True if datasets without a product are registered as one."""
    domains: Mapping[str, str] = field(default_factory=dict)
    """Namespace (of a dataset, or of a job) -> domain."""

    def choose_domain(self, named: Iterable[DatasetName], observed: Provenance) -> str:
        """Return the domain of a product that follows events, whose first dataset is named first.

        It is the configured one of a dataset, else that of the job which writes it first, else of
        the one which reads it first, else the namespace of the dataset.
        """
        datasets = [each.namespace for each in named]
        jobs = [each.namespace for each in (observed.writer or observed.reader,) if each]
        for namespace in (*datasets, *jobs):
            if namespace in self.domains:
                return self.domains[namespace]
        found = (write_domain(namespace) for namespace in (*jobs, *datasets))
        return next((domain for domain in found if domain), "unknown")


def write_domain(namespace: str) -> str:
    """Return the domain that is called after a namespace; empty if nothing of it suits.

    It is one that people may write, too, and that paths can name: `http://scheduler:8081` ->
    `http-scheduler:8081`.
    """
    words = UNSUITABLE_IN_NAMESPACES.sub("-", namespace.strip()).strip("-. ")
    return words[:MAX_DOMAIN_LENGTH].strip()
