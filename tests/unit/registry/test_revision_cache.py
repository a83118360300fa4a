"""The results that are computed once for each revision, and how long they are kept."""

import gc
from weakref import ref

import pytest

from datamesh.services.lineage import visibility
from datamesh.services.lineage.queries import find_lineage, list_visible_entries
from datamesh.services.operations.health import check_health
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.revision_cache import RevisionCache
from datamesh.services.registry.text_index import TextIndex
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from datamesh.storage.write_probe import WriteProbe
from tests.contexts import CONTEXT
from tests.meshes import NO_WAIT, add_lineage, add_products, mesh
from tests.past import Timeline

PROBE = WriteProbe(MemoryObject("health"), NO_WAIT)


class Computation:
    """Returns the revisions of the files, and notes each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def __call__(self, lineage: LineageFile, products: ProductsFile) -> tuple[int, int]:
        self.calls.append((lineage.revision, products.revision))
        return self.calls[-1]


def test_a_value_is_computed_once_for_two_versions() -> None:
    cache, compute, other = RevisionCache(), Computation(), Computation()
    lineage, products = LineageFile(revision=3), ProductsFile(revision=5)
    assert [cache.get(compute, lineage, products) for _ in range(3)] == [(3, 5)] * 3
    assert cache.get(other, lineage, products) == (3, 5)
    assert (compute.calls, other.calls) == ([(3, 5)], [(3, 5)])


@pytest.mark.parametrize(("lineage_revision", "products_revision"), [(4, 5), (3, 6)])
def test_a_newer_version_of_either_file_is_computed_anew(
    lineage_revision: int, products_revision: int
) -> None:
    cache, compute = RevisionCache(), Computation()
    old = LineageFile(revision=3), ProductsFile(revision=5)
    cache.get(compute, *old)
    new = LineageFile(revision=lineage_revision), ProductsFile(revision=products_revision)
    found = [cache.get(compute, *new) for _ in range(2)]
    assert found == [(lineage_revision, products_revision)] * 2
    assert len(compute.calls) == 2


def test_the_past_does_not_cost_the_present_its_values() -> None:
    cache, compute = RevisionCache(), Computation()
    present = LineageFile(revision=3), ProductsFile(revision=5)
    cache.get(compute, *present)
    for lineage, products in ((2, 5), (3, 4), (4, 4), (3, 5)):
        past = LineageFile(revision=lineage), ProductsFile(revision=products)
        assert cache.get(compute, *past) == (lineage, products)
    calls = len(compute.calls)
    assert cache.get(compute, *present) == (3, 5)
    assert len(compute.calls) == calls == 5


@pytest.mark.parametrize("replaced", [0, 1])
def test_a_value_goes_with_its_files(replaced: int) -> None:
    """Or the records of two versions would lie in memory until the next read."""

    class Value:
        """Can be referred to weakly, as a list cannot."""

    cache = RevisionCache()
    files: list[LineageFile | ProductsFile] = [LineageFile(revision=3), ProductsFile(revision=5)]

    def get() -> Value:
        lineage, products = files
        assert isinstance(lineage, LineageFile)
        assert isinstance(products, ProductsFile)
        return cache.get(lambda lineage, products: Value(), lineage, products)

    value = ref(get())
    assert value() is not None
    del files[replaced]
    gc.collect()
    assert value() is None


def test_entries_are_looked_through_once_a_revision(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_products(registry, "abc")
    add_lineage(registry, "a", "b")
    assert check_health(CONTEXT, registry, PROBE).total_lineage_entries == 1
    with monkeypatch.context() as patch:
        patch.setattr(visibility, "has_ends", None)
        assert check_health(CONTEXT, registry, PROBE).total_lineage_entries == 1
        assert len(list_visible_entries(CONTEXT, registry)) == 1
        assert find_lineage(CONTEXT, registry, limit=1, offset=0).total == 1
    add_lineage(registry, "b", "c")
    assert check_health(CONTEXT, registry, PROBE).total_lineage_entries == 2


def test_a_past_registry_has_values_of_its_own() -> None:
    timeline = Timeline()
    add_products(timeline.registry, "abc")
    add_lineage(timeline.registry, "a", "b")
    then = timeline.tick()
    add_lineage(timeline.registry, "b", "c")
    past = timeline.resources().registry_at(then)
    for _ in range(2):
        assert len(list_visible_entries(CONTEXT, timeline.registry)) == 2
        assert len(list_visible_entries(CONTEXT, past)) == 1


def test_two_registries_have_values_of_their_own() -> None:
    assert mesh().revision_cache is not mesh().revision_cache


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("orders", [0, 2]),
        ("ORDERS", [0, 2]),
        ("STRASSE", [1]),
        ("s", [0, 1, 2]),
        ("\n", [3]),
        ("s\nstra", []),
        ("", [0, 1, 2, 3, 4]),
        ("nowhere", []),
    ],
)
def test_texts_are_found_by_their_parts_in_any_case(wanted: str, found: list[int]) -> None:
    index = TextIndex(["orders", "Hauptstraße", "The Orders", "a\nb", ""])
    assert [*index.find_positions(wanted)] == found
    assert index.count_positions(wanted) == len(found)
    within = range(1, 4)
    between = [position for position in found if position in within]
    assert [*index.find_positions(wanted, within)] == between
    assert index.count_positions(wanted, within) == len(between)
    assert [*index.find_positions(wanted, range(2, 2))] == []
    assert index.count_positions(wanted, range(2, 2)) == 0
