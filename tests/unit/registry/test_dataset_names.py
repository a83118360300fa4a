"""The datasets of products: each record is looked at once, however many versions have it."""

from collections.abc import Iterator

import pytest

from datamesh.models.products import DatasetName
from datamesh.services.registry import dataset_names
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import ProductRecord, RegistryRecord
from tests.contexts import CONTEXT
from tests.events import WAREHOUSE, run_event, send
from tests.meshes import add_product, event_pipeline


def named(name: str) -> dict[str, str]:
    return {"namespace": WAREHOUSE, "name": name}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One for each field of a record that is parsed for itself: datasets, or a job."""
    found: list[int] = []
    parse = RegistryRecord._parse_field

    def note(record: RegistryRecord, *of: object) -> object:
        found.append(1)
        return parse(record, *of)  # type: ignore[arg-type]

    monkeypatch.setattr(RegistryRecord, "_parse_field", note)
    yield found


def test_an_event_that_changes_nothing_looks_at_its_own_datasets_alone(
    registry: Registry, parsed: list[int]
) -> None:
    into = event_pipeline()
    many = [f"t{number}" for number in range(40)]
    send(registry, into, run_event(["s"], many))
    send(registry, into, run_event(["s"], ["t7"], run=2))
    parsed.clear()
    send(registry, into, run_event(["s"], ["t7"], run=3))
    assert len(parsed) < 10


def test_an_event_that_registers_a_product_looks_at_no_known_one(
    registry: Registry, parsed: list[int]
) -> None:
    into = event_pipeline()
    send(registry, into, run_event(["s"], [f"t{number}" for number in range(40)]))
    send(registry, into, run_event(["s"], ["new"], run=2))
    parsed.clear()
    send(registry, into, run_event(["s"], ["newer"], run=3))
    assert len(parsed) < 20


def test_names_are_of_the_version_that_is_asked_for(registry: Registry) -> None:
    add_product(registry, "a", openlineage=[named("t1")])
    old = registry.products.read(CONTEXT.deadline)
    add_product(registry, "b", openlineage=[named("t2")])
    new = registry.products.read(CONTEXT.deadline)
    asked = [
        registry.dataset_names.open_index(file).find_product(DatasetName(**named("t2")))
        for file in (new, old, new, new)
    ]
    assert asked == ["b", None, "b", "b"]


def test_what_a_change_adds_is_not_kept(registry: Registry) -> None:
    add_product(registry, "a", openlineage=[named("t1")])
    file = registry.products.read(CONTEXT.deadline)
    index = registry.dataset_names.open_index(file)
    added = (
        file.products["a"]
        .to_model()
        .model_copy(update={"name": "b", "openlineage": [DatasetName(**named("t2"))]})
    )
    index.add_product(ProductRecord.from_model(added))
    assert index.find_product(DatasetName(**named("t2"))) == "b"
    again = registry.dataset_names.open_index(file)
    assert again.find_product(DatasetName(**named("t2"))) is None
    assert again.find_product(DatasetName(**named("t1"))) == "a"


def test_too_many_names_are_not_kept(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_names, "MAX_KEPT_CHARACTERS", len(WAREHOUSE) + 1)
    add_product(registry, "a", openlineage=[named("t1")])
    file = registry.products.read(CONTEXT.deadline)
    index = registry.dataset_names.open_index(file)
    assert index.find_product(DatasetName(**named("t1"))) == "a"
    assert registry.dataset_names._indexed.products == {}
