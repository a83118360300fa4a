"""The registry's content as it should be, in dicts and lists: no revisions, no files, no
garbage."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

type Body = dict[str, Any]

DEFAULTS: Body = {
    "status": "active",
    "version": "1.0.0",
    "tags": [],
    "openlineage": [],
    "output_port": None,
    "quality": None,
}
LINEAGE_DEFAULTS: Body = {
    "lineage_type": "direct",
    "confidence": 1.0,
    "metadata": {},
    "job": None,
    "columns": [],
}
LINEAGE_TYPES = ("direct", "derived", "aggregated")

_ages = count(1)


@dataclass
class Mesh:
    """Every change answers the status that the API should answer."""

    max_products: int
    max_lineage_entries: int
    products: dict[str, Body] = field(default_factory=dict)
    entries: list[Body] = field(default_factory=list)
    ages: dict[str, int] = field(default_factory=dict)
    """Product -> a number that no other state of any product has."""

    def copy(self) -> "Mesh":
        return Mesh(
            self.max_products,
            self.max_lineage_entries,
            dict(self.products),
            list(self.entries),
            dict(self.ages),
        )

    def register(self, body: Body) -> int:
        if body["name"] in self.products:
            return 409
        if len(self.products) >= self.max_products:
            return 429
        self._put(DEFAULTS | body)
        return 200

    def update(self, name: str, changes: Body, age: int | None = None) -> int:
        if refused := self._refused(name, age):
            return refused
        before = self.products[name]
        changed = before | changes
        if changed["version"] < before["version"]:  # each number has one digit here
            return 422
        # What changes nothing commits nothing: the product keeps its ETag.
        if changed != before:
            self._put(changed)
        return 200

    def delete(self, name: str, age: int | None = None) -> int:
        if refused := self._refused(name, age):
            return refused
        del self.products[name], self.ages[name]
        self.entries = [entry for entry in self.entries if name not in ends(entry)]
        return 200

    def link(self, body: Body) -> int:
        if not set(ends(body)) <= set(self.products):
            return 400
        if len(self.entries) >= self.max_lineage_entries:
            return 429
        self.entries.append(LINEAGE_DEFAULTS | body)
        return 200

    def register_all(self, items: list[Body], partial: bool) -> int:
        return self._all(Mesh.register, items, partial)

    def link_all(self, items: list[Body], partial: bool) -> int:
        return self._all(Mesh.link, items, partial)

    def size(self) -> int:
        return len(self.products) + len(self.entries)

    def find(self, *, domain: str | None, status: str | None, tag: str | None) -> list[Body]:
        return [
            product
            for product in self.products.values()
            if domain in (None, product["domain"].lower())
            and status in (None, product["status"])
            and (tag is None or tag in product["tags"])
        ]

    def find_entries(self, **wanted: str | None) -> list[Body]:
        return [
            entry
            for entry in self.entries
            if all(value in (None, entry[field]) for field, value in wanted.items())
        ]

    def domains(self) -> Body:
        """Spelt as the oldest product spells them."""
        spelt: dict[str, list[str]] = {}
        for product in self.products.values():
            spelt.setdefault(product["domain"].lower(), []).append(product["domain"])
        return {names[0]: len(names) for names in spelt.values()}

    def lineage_stats(self) -> Body:
        types = [entry["lineage_type"] for entry in self.entries]
        return {
            "total_entries": len(self.entries),
            "unique_sources": len({entry["source"] for entry in self.entries}),
            "unique_targets": len({entry["target"] for entry in self.entries}),
            "lineage_types": {kind: types.count(kind) for kind in LINEAGE_TYPES},
        }

    def _all(self, add: Callable[["Mesh", Body], int], items: list[Body], partial: bool) -> int:
        """Add all or nothing, or with `partial` those that are good."""
        trial = self.copy()
        statuses = [add(trial, item) for item in items]
        if not partial and set(statuses) != {200}:
            return 429 if 429 in statuses else 422
        self.products, self.entries, self.ages = trial.products, trial.entries, trial.ages
        return 200

    def _refused(self, name: str, age: int | None) -> int | None:
        if name not in self.products:
            return 404
        return 412 if age not in (None, self.ages[name]) else None

    def _put(self, product: Body) -> None:
        self.products[product["name"]] = product
        self.ages[product["name"]] = next(_ages)


def ends(entry: Body) -> tuple[str, str]:
    return entry["source"], entry["target"]
