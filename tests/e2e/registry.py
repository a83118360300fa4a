"""The registry over HTTP: its datasets, by the names that OpenLineage gives them."""

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.e2e.api import Api
from tests.openlineage import expected
from tests.openlineage.expected import Edge, Event, Name, Names

PAGE = 1000


class Registry:
    """Products and entries that stem from events of namespaces with `unique` in them."""

    def __init__(self, api: Api, unique: str) -> None:
        self._api = api
        self._unique = unique

    def products(self) -> list[dict[str, Any]]:
        return [
            product
            for product in self._all("/products")
            if any(self._unique in alias["namespace"] for alias in product["openlineage"])
        ]

    def product(self, name: Name) -> dict[str, Any]:
        [found] = [product for product in self.products() if name in names(product)]
        return found

    def entries(self) -> list[dict[str, Any]]:
        ours = {product["name"] for product in self.products()}
        return [e for e in self._all("/lineage") if {e["source"], e["target"]} & ours]

    def datasets(self, known: Names) -> dict[str, Name]:
        """Return for each product the one dataset that its aliases name."""
        found = {}
        for product in self.products():
            [found[product["name"]]] = {known.one(name) for name in names(product)}
        return found

    def edges(self, known: Names) -> list[Edge]:
        """Return the edges between datasets."""
        datasets = self.datasets(known)
        return [
            Edge(
                (entry["job"]["namespace"], entry["job"]["name"]),
                datasets[entry["source"]],
                datasets[entry["target"]],
                entry["lineage_type"],
                entry["confidence"],
                frozenset((c["source"], c["target"], c["lineage_type"]) for c in entry["columns"]),
            )
            for entry in self.entries()
        ]

    def assert_holds(self, events: list[Event]) -> None:
        """Every dataset once, and exactly the edges that the events carry."""
        known = Names(events)
        _assert_once(self.datasets(known).values(), expected.known(events))
        _assert_once(self.edges(known), expected.edges(events))

    def remove(self) -> None:
        """Unless the registry is the suite's own, and goes away by itself."""
        if "API_URL" not in os.environ:
            return
        for product in self.products():
            answer = self._api.write("DELETE", f"/product/{product['name']}")
            assert answer.status_code in (200, 404), answer.text

    def _all(self, path: str) -> list[dict[str, Any]]:
        self._api.wait_until_derived()
        found: list[dict[str, Any]] = []
        while True:
            answer = self._api.get(path, params={"limit": PAGE, "offset": len(found)})
            assert answer.status_code == 200, answer.text
            found += answer.json()
            if len(found) >= int(answer.headers["X-Total-Count"]):
                return found


def names(product: dict[str, Any]) -> list[Name]:
    return [(alias["namespace"], alias["name"]) for alias in product["openlineage"]]


def _assert_once[T](found: Iterable[T], due: set[T]) -> None:
    times = Counter(found)
    problems = {
        "missing": due - set(times),
        "beyond what was sent": set(times) - due,
        "more than once": {one for one, number in times.items() if number > 1},
    }
    assert not any(problems.values()), problems
