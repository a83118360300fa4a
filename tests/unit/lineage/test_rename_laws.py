"""Renames, merges and deletions in any order leave the graph the same up to names."""

from dataclasses import dataclass, field
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from datamesh.models.lineage import Job
from datamesh.services.lineage.renames import follow_renames
from datamesh.services.lineage.visibility import is_garbage, select_visible
from datamesh.services.registry.lineage_index import Adjacency
from datamesh.services.registry.merging import merge_products
from datamesh.services.registry.renames import remove_product, rename_product
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord
from tests.meshes import NOON
from tests.unit.lineage.test_lineage_renames import derived
from tests.unit.registry.test_renames import product

NAMES = "abcd"
LATER = NOON + timedelta(minutes=5)

type Edge = tuple[int, int, str]
"""Two products by their numbers, which never change, and a job."""


@dataclass
class World:
    """The two files, and what they should say of products that are known by numbers."""

    products: ProductsFile = field(default_factory=ProductsFile)
    lineage: LineageFile = field(default_factory=LineageFile)
    names: dict[int, str] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    edges: set[Edge] = field(default_factory=set)
    past: list[tuple[ProductsFile, dict[int, str]]] = field(default_factory=list)

    def commit(self, after: ProductsFile) -> None:
        self.past.append((self.products, dict(self.names)))
        self.products = after.model_copy(update={"revision": self.products.revision + 1})

    def find_number(self, name: str) -> int | None:
        return next((number for number, each in self.names.items() if each == name), None)

    def resolve(self, number: int) -> int:
        while number in self.merged:
            number = self.merged[number]
        return number

    def register(self, name: str) -> None:
        if name in self.products.products:
            return
        self.commit(self.products.with_product(product(name, since=self.products.revision + 1)))
        self.names[len(self.names) + len(self.merged) + 100 * len(self.past)] = name

    def rename(self, name: str, new: str) -> None:
        number = self.find_number(name)
        # Of a name only the last product that gave it up is remembered.
        if number is None or new in self.products.products or name in self.products.renamed:
            return
        self.commit(rename_product(self.products, name, new, LATER))
        self.names[number] = new

    def merge(self, winner: str, loser: str) -> None:
        kept, gone = self.find_number(winner), self.find_number(loser)
        if kept is None or gone is None or kept == gone or loser in self.products.renamed:
            return
        self.commit(merge_products(self.products, winner, loser, LATER))
        self.merged[gone] = kept
        del self.names[gone]

    def delete(self, name: str) -> None:
        number = self.find_number(name)
        if number is not None:
            self.commit(remove_product(self.products, name))
            del self.names[number]

    def write(self, source: str, target: str, job: str, age: int) -> None:
        """Add an entry of a writer that saw the products of up to `age` commits ago."""
        products, names = [*self.past, (self.products, self.names)][-1 - min(age, len(self.past))]
        numbers = {name: number for number, name in names.items()}
        if source == target or source not in numbers or target not in numbers:
            return
        entry = derived(source, target, seen=products.revision, job=Job(namespace="jobs", name=job))
        records = {each.id: each for each in self.lineage.lineage}
        known = records.get(entry.id)
        if known and known.products_revision >= entry.products_revision:
            return
        self.edges.add((numbers[source], numbers[target], job))
        kept = [each for each in self.lineage.lineage if each.id != entry.id]
        entries = [*kept, LineageRecord.from_model(entry)]
        self.lineage = self.lineage.model_copy(update={"lineage": entries})

    def store(self, age: int) -> None:
        """Store what a writer sees that read the products of up to `age` commits ago."""
        products = [*(each for each, _ in self.past), self.products][-1 - min(age, len(self.past))]
        entries = follow_renames(self.lineage, products).lineage
        indexed = Adjacency()
        indexed.extend(self.lineage.lineage)
        assert follow_renames(self.lineage, products, indexed).lineage == entries
        kept = [each for each in entries if not is_garbage(each, products)]
        self.lineage = self.lineage.model_copy(update={"lineage": kept})

    def list_expected(self) -> set[tuple[str, str, str]]:
        found = set()
        for source, target, job in self.edges:
            ends = self.resolve(source), self.resolve(target)
            if ends[0] != ends[1] and all(end in self.names for end in ends):
                found.add((self.names[ends[0]], self.names[ends[1]], job))
        return found

    def list_visible(self) -> list[tuple[str, str, str]]:
        return sorted(
            (each.source, each.target, each.job.name if each.job else "")
            for each in select_visible(self.lineage, self.products)
        )


name = st.sampled_from(NAMES)
step = st.one_of(
    st.tuples(st.just("register"), name),
    st.tuples(st.just("rename"), name, name),
    st.tuples(st.just("merge"), name, name),
    st.tuples(st.just("delete"), name),
    st.tuples(st.just("write"), name, name, st.sampled_from(["x", "y"]), st.integers(0, 3)),
    st.tuples(st.just("store"), st.integers(0, 3)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(step, max_size=25))
def test_the_graph_stays_the_same_up_to_names(steps: list[tuple[object, ...]]) -> None:
    world = World()
    for each in "abc":
        world.register(each)
    world.write("a", "b", "x", 0)
    world.write("b", "c", "x", 0)
    for kind, *arguments in steps:
        getattr(world, str(kind))(*arguments)
        assert world.list_visible() == sorted(world.list_expected())
    before = world.list_visible()
    world.store(0)
    assert world.list_visible() == before
    assert follow_renames(world.lineage, world.products) is world.lineage
