"""The facts that people wrote about datasets arrive: descriptions, tags, owners, facets; in any
order."""

from itertools import permutations
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from datamesh.models.json_codec import decode_value
from datamesh.models.product_facts import DescribedColumn
from datamesh.models.products import ProductUpdate
from datamesh.models.stored_products import StoredProduct
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.services.products import queries, registration
from datamesh.services.registry.merging import choose_winner, merge_products
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import ProductRecord
from tests.conftest import Serve
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.events import WAREHOUSE, dataset, dataset_event, events, run_event, send
from tests.meshes import NOON, add_product, event_pipeline, mesh, resources

PII = {"key": "PII", "value": "true", "source": "USER"}


def documented(text: str) -> dict[str, Any]:
    return {"documentation": {"description": text}}


def tagged(*tags: dict[str, Any]) -> dict[str, Any]:
    return {"tags": {"tags": [*tags]}}


def described(**columns: str) -> dict[str, Any]:
    """Column -> its description; empty for none."""
    fields = [{"name": name, "type": "int", "description": text} for name, text in columns.items()]
    return {"schema": {"fields": fields}}


def say(minute: int = 0, **facets: Any) -> dict[str, Any]:
    return dataset_event(dataset("t", facets=facets), minute)


def stored(registry: Registry) -> StoredProduct:
    [record] = registry.products.read_latest(NO_DEADLINE).products.values()
    return record.to_model()


def shown(registry: Registry) -> dict[str, Any]:
    """The product as readers see it, but for its times."""
    [record] = registry.products.read_latest(NO_DEADLINE).products.values()
    answer = decode_value(record.public_json)
    assert isinstance(answer, dict)
    return {key: value for key, value in answer.items() if key not in ("created_at", "updated_at")}


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


def test_what_events_say_of_a_dataset_is_shown(registry: Registry, into: EventPipeline) -> None:
    facets = {
        **documented("  One row per refund "),
        **described(id="Number of the refund", amount=""),
        **tagged(PII, {"key": "level", "value": "Gold"}, {**PII, "field": "id"}),
        "storage": {"_producer": "p", "_schemaURL": "s", "storageLayer": "iceberg"},
    }
    send(registry, into, say(**facets))
    product = shown(registry)
    assert (product["description"], product["tags"]) == (
        "One row per refund",
        ["level:gold", "pii"],
    )
    assert product["columns"] == [
        {"name": "id", "type": "int", "description": "Number of the refund", "tags": ["pii"]}
    ]
    assert product["facets"] == {
        "storage": {"storageLayer": "iceberg"},
        "tags": {"tags": facets["tags"]["tags"]},
    }
    assert "truncated" not in product


def test_a_product_of_which_nothing_was_said_has_the_bytes_that_it_had(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, run_event([], ["t"]))
    product = stored(registry)
    [record] = registry.products.read_latest(NO_DEADLINE).products.values()
    assert list(decode_value(bytes(record.json))) == [  # type: ignore[arg-type]
        *("name", "domain", "owner", "description", "schema", "status", "version", "tags"),
        *("openlineage", "output_port", "quality", "created_at", "updated_at"),
        *("since_revision", "observed", "checks"),
    ]
    assert product.observed and not product.said


def test_descriptions_of_columns_have_the_order_of_the_schema_and_paths(
    registry: Registry, into: EventPipeline
) -> None:
    inner = {"name": "b", "type": "int", "description": "Inner"}
    fields = [
        {"name": "z", "type": "int", "description": "Last"},
        {"name": "a", "type": "struct", "fields": [inner]},
    ]
    send(registry, into, say(schema={"fields": fields}))
    assert stored(registry).columns == [
        DescribedColumn(name="z", type="int", description="Last"),
        DescribedColumn(name="a.b", type="int", description="Inner"),
    ]


def test_a_schema_that_describes_no_field_denies_no_description(
    registry: Registry, into: EventPipeline
) -> None:
    bare = {"schema": {"fields": [{"name": "b", "type": "long"}, {"name": "a", "type": "long"}]}}
    send(registry, into, say(1, **described(a="A", b="B", c="C")), say(2, **bare))
    assert stored(registry).columns == [
        DescribedColumn(name="b", type="long", description="B"),
        DescribedColumn(name="a", type="long", description="A"),
    ]


def test_deleted_facets_take_back_what_they_said(registry: Registry, into: EventPipeline) -> None:
    facets = {**documented("Text"), **described(a="A"), **tagged(PII), "storage": {"x": "y"}}
    send(registry, into, say(1, **facets))
    send(registry, into, say(2, **{name: {"_deleted": True} for name in facets}))
    product = shown(registry)
    assert product["description"] == f"Dataset t of {WAREHOUSE}, seen in events"
    assert (product["tags"], product["schema"]) == ([], {})
    assert not {"columns", "facets", "truncated"} & product.keys()


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ({"key": "PII"}, "pii"),
        ({"key": "PII", "value": ""}, "pii"),
        ({"key": "PII", "value": True}, "pii"),
        ({"key": "PII", "value": "TRUE"}, "pii"),
        ({"key": "level", "value": " Gold "}, "level:gold"),
        ({"key": "k" * 200, "value": "true"}, "k" * 99 + "…"),
    ],
)
def test_a_tag_is_spelled_as_the_registry_does(
    value: dict[str, Any], tag: str, registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, say(**tagged(value)))
    assert stored(registry).tags == [tag]


def test_a_search_finds_words_of_descriptions_of_columns(
    registry: Registry, into: EventPipeline
) -> None:
    add_product(registry, "other")
    send(registry, into, say(**described(id="Number of the refund")))
    only = queries.ProductFilter(text="of the REFUND")
    page = queries.find_products(CONTEXT, registry, only, limit=10, offset=0)
    assert [each.openlineage[0].name for each in page.items] == ["t"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_of_columns_is_that_of_the_same_facet_in_any_order(
    order: tuple[int, int], into: EventPipeline
) -> None:
    registry = mesh()
    told = [say(**described(a="", b="")), say(**described(b="", a=""))]
    send(registry, into, *(told[place] for place in order))
    assert [*stored(registry).schema_] == ["b", "a"]


def test_every_answer_has_what_was_said(serve: Serve, registry: Registry) -> None:
    send(registry, event_pipeline(), say(**described(a="A"), storage={"storageLayer": "x"}))
    [name] = registry.products.read_latest(NO_DEADLINE).products
    client = serve("products", resources(registry))
    columns = [{"name": "a", "type": "int", "description": "A", "tags": []}]
    changed = client.put(f"/product/{name}", {"status": "active"})
    read = client.get(f"/product/{name}")
    assert changed.headers["etag"] == read.headers["etag"]
    for answer in (changed.body["data"], read.body, client.get("/products").body[0]):
        assert (answer["columns"], answer["facets"]) == (
            columns,
            {"storage": {"storageLayer": "x"}},
        )
        assert "said" not in answer


def test_marquez_shows_what_was_said_of_a_dataset(serve: Serve, registry: Registry) -> None:
    facets = {**documented("Text"), **described(a="A", b=""), **tagged(PII, {**PII, "field": "b"})}
    send(registry, event_pipeline(), say(**facets, storage={"storageLayer": "x"}))
    client = serve("marquez", resources(registry))
    answer = client.get(f"/api/v1/namespaces/{WAREHOUSE}/datasets")
    [found] = answer.body["datasets"]
    assert (found["description"], found["tags"]) == ("Text", ["pii"])
    assert found["fields"] == [
        {"name": "a", "type": "int", "tags": [], "description": "A"},
        {"name": "b", "type": "int", "tags": ["pii"], "description": None},
    ]
    assert found["facets"]["storage"] == {"storageLayer": "x"}


# people


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_tags_of_events_are_joined_with_those_of_people(
    order: tuple[int, int], into: EventPipeline
) -> None:
    registry = mesh()
    add_product(registry, "t", openlineage=[dataset("t")], tags=["gold", "own"])
    told = {
        1: say(1, **tagged({"key": "old"}, {"key": "own"})),
        2: say(2, **tagged({"key": "new"})),
    }
    send(registry, into, *(told[place] for place in order))
    assert stored(registry).tags == ["gold", "own", "new"]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_what_a_person_edits_stays_whenever_events_come(order: tuple[int, ...], place: int) -> None:
    registry, into = mesh(), event_pipeline()
    send(registry, into, run_event([], ["t"], minute=-9))
    name = stored(registry).name
    told = [
        say(at, **documented(f"D{at}"), **tagged({"key": f"t{at}"}), **described(a=f"A{at}"))
        for at in range(3)
    ]
    mine = ProductUpdate(description="Mine", tags=["mine"])
    for at in range(4):
        if at == place:
            registration.update_product(CONTEXT, registry, name, mine)
        if at < 3:
            send(registry, into, told[order[at]])
    product = stored(registry)
    assert (product.description, product.tags) == ("Mine", ["mine"])
    assert product.columns == [DescribedColumn(name="a", type="int", description="A2")]


def test_a_description_that_a_person_wrote_at_registration_stays(into: EventPipeline) -> None:
    registry = mesh()
    before = add_product(registry, "t", openlineage=[dataset("t")])
    send(registry, into, say(**documented("Text of events")))
    assert stored(registry).description == before.description


def test_a_description_that_nobody_wrote_gives_way(into: EventPipeline) -> None:
    """A person has changed something else, in a version that then set `observed` to null."""
    registry = mesh()
    send(registry, into, run_event([], ["t"]))
    old = stored(registry).model_copy(update={"observed": None})
    registry.products.commit(lambda file: (file.with_product(old), None), NO_DEADLINE)
    send(registry, into, say(1, **documented("First")), say(2, **documented("Second")))
    assert stored(registry).description == "Second"


@pytest.mark.parametrize("winner", [0, 1])
def test_of_two_products_that_become_one_all_that_was_said_is_kept(winner: int) -> None:
    registry, into = mesh(), event_pipeline()
    first = {**documented("Old"), **tagged({"key": "a"}), "storage": {"storageLayer": "x"}}
    second = {**documented("New"), **tagged({"key": "b"}), **described(id="Number")}
    send(registry, into, say(1, **first), dataset_event(dataset("u", facets=second), 2))
    file = registry.products.read_latest(NO_DEADLINE)
    names = sorted(file.products)
    both = merge_products(file, names[winner], names[1 - winner], NOON)
    product = both.products[names[winner]].to_model()
    assert (product.description, product.tags, product.own_tags) == ("New", ["b"], ())
    assert product.columns == [DescribedColumn(name="id", type="int", description="Number")]
    assert product.facets == {
        "storage": {"storageLayer": "x"},
        "tags": {"tags": [{"key": "b"}]},
    }


def test_what_a_person_edited_stays_when_another_product_is_merged_in(into: EventPipeline) -> None:
    """Even if events said later what the schema and the owner of the other one are."""
    registry = mesh()
    send(registry, into, say(1, **described(id="")))
    mine = ProductUpdate.model_validate(
        {"owner": "me", "schema": {"mine": "int"}, "tags": ["mine"]}
    )
    name = stored(registry).name
    registration.update_product(CONTEXT, registry, name, mine)
    ownership = {"owners": [{"name": "team-u"}]}
    facets = {**described(u="U"), **tagged({"key": "u"}), "ownership": ownership}
    send(registry, into, dataset_event(dataset("u", facets=facets), 2))
    file = registry.products.read_latest(NO_DEADLINE)
    [other] = file.products.keys() - {name}
    assert choose_winner(file.products[name], file.products[other]) == (name, other)
    product = merge_products(file, name, other, NOON).products[name].to_model()
    assert (product.owner, product.schema_) == ("me", {"mine": "int"})
    assert (product.tags, product.edited) == (["mine", "u"], ("owner", "schema", "tags"))


def test_tags_of_people_add_up_when_products_become_one(into: EventPipeline) -> None:
    registry = mesh()
    add_product(registry, "t", tags=["mine"], openlineage=[dataset("t")])
    add_product(registry, "u", tags=["ours"], openlineage=[dataset("u")])
    send(registry, into, say(1, **tagged({"key": "a"})))
    file = registry.products.read_latest(NO_DEADLINE)
    product = merge_products(file, "u", "t", NOON).products["u"].to_model()
    assert (product.tags, product.own_tags) == (["ours", "mine", "a"], ("ours", "mine"))
    assert product.description == file.products["u"].to_model().description


# bounds


def test_a_schema_that_is_cut_says_so_until_a_person_gives_another(
    registry: Registry, into: EventPipeline
) -> None:
    fields = [{"name": f"c{number:04}", "type": "x" * 180} for number in range(400)]
    send(registry, into, say(schema={"fields": fields}))
    product = stored(registry)
    assert (len(product.schema_), product.truncated) == (256, ["schema"])
    registration.update_product(CONTEXT, registry, product.name, ProductUpdate(schema={"a": "int"}))
    assert stored(registry).truncated == []


def test_a_field_with_a_name_too_long_is_a_cut(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, say(schema={"fields": [{"name": "n" * 201}, {"name": "a"}]}))
    assert (stored(registry).schema_, stored(registry).truncated) == ({"a": "unknown"}, ["schema"])


def test_long_texts_are_cut_with_a_sign(registry: Registry, into: EventPipeline) -> None:
    send(registry, into, say(**documented("d" * 5000), **described(a="a" * 1001, b="b" * 1000)))
    product = stored(registry)
    assert product.description == "d" * 3999 + "…"
    assert [each.description for each in product.columns] == ["a" * 999 + "…", "b" * 1000]
    assert product.truncated == ["description"]


def test_what_does_not_fit_is_left_out_and_that_is_said(
    registry: Registry, into: EventPipeline
) -> None:
    wide = {f"c{number:03}": "é" * 900 for number in range(100)}
    tags = [{"key": f"{'k' * 60}{number:02}"} for number in range(12)]
    of_columns = [{"key": "k" * 90, "field": f"c{number:03}"} for number in range(100)]
    send(registry, into, say(**described(**wide), **tagged(*tags, *of_columns)))
    product = stored(registry)
    assert product.truncated == ["columns", "facets", "tags"]
    assert [each.name for each in product.columns] == [f"c{number:03}" for number in range(26)]
    assert product.tags == [each["key"] for each in tags[:10]]
    assert sum(bool(each.tags) for each in product.columns) == 19
    assert ProductRecord.from_model(product).size < 65_536


def test_more_tags_than_a_product_has_are_a_cut(into: EventPipeline) -> None:
    registry = mesh()
    add_product(
        registry, "t", openlineage=[dataset("t")], tags=[f"own{number}" for number in range(9)]
    )
    send(registry, into, say(**tagged({"key": "a"}, {"key": "b"})))
    product = stored(registry)
    assert (len(product.tags), product.tags[-1], product.truncated) == (10, "a", ["tags"])


STRANGE: list[Any] = [None, 7, "text", [], [7], {}, {"description": 7}, {"tags": 7}, {"tags": [7]}]


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("facet", ["documentation", "tags", "storage"])
def test_a_facet_of_another_shape_says_nothing_of_people(
    facet: str, strange: Any, into: EventPipeline
) -> None:
    registry = mesh()
    send(registry, into, say(**{facet: strange}))
    product = shown(registry)
    assert (product["description"][:9], product["tags"]) == ("Dataset t", [])
    assert "columns" not in product


def test_an_event_that_confirms_what_is_shown_does_not_change_the_product(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, say(1, **documented("Text"), **tagged(PII)))
    before = stored(registry)
    send(registry, into, say(2, **documented("Text"), **tagged(PII)))
    after = stored(registry)
    assert after.updated_at == before.updated_at
    assert after.said and before.said and after.said != before.said
    send(registry, into, say(2, **documented("Text"), **tagged(PII)))
    assert registry.products.read_latest(NO_DEADLINE).revision == 2


# laws


WORDS = st.sampled_from(["", "one", "two"])
COLUMNS = st.dictionaries(st.sampled_from(["a", "b", "c.d"]), WORDS, min_size=1, max_size=3)
TAG = st.fixed_dictionaries(
    {"key": st.sampled_from(["p", "q"])}, optional={"field": st.sampled_from(["a", "b"])}
)
GONE = st.just({"_deleted": True})
FACETS = st.fixed_dictionaries(
    {},
    optional={
        "documentation": WORDS.map(lambda text: {"description": text}) | GONE,
        "schema": COLUMNS.map(lambda columns: described(**columns)["schema"]) | GONE,
        "tags": st.lists(TAG, max_size=3).map(lambda tags: {"tags": tags}) | GONE,
        "ownership": WORDS.map(lambda name: {"owners": [{"name": name}]}) | GONE,
        "storage": WORDS.map(lambda name: {"storageLayer": name}) | GONE,
    },
)
SAID = st.lists(
    st.tuples(st.integers(0, 3), FACETS).map(lambda each: say(each[0], **each[1])),
    min_size=1,
    max_size=5,
)
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.just("Mine"),
        "tags": st.just(["mine"]),
        "owner": st.just("me"),
        "schema": st.just({"a": "mine"}),
    },
).filter(bool)


def ingest_all(raw: list[Any], edit: dict[str, Any] | None = None, place: int = 0) -> Any:
    """The product after events one by one, with an edit by a person before one of them."""
    registry, into = mesh(), event_pipeline()
    send(registry, into, run_event([], ["t"], minute=-9))
    for at, each in enumerate([*raw, None]):
        if edit and at == place:
            name = stored(registry).name
            registration.update_product(CONTEXT, registry, name, ProductUpdate.model_validate(edit))
        if each:
            send(registry, into, each)
    return shown(registry)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SAID, st.randoms(use_true_random=False))
def test_any_order_and_repetition_show_the_same_product(raw: Any, random: Any) -> None:
    shuffled = raw + random.sample(raw, random.randint(0, len(raw)))
    random.shuffle(shuffled)
    assert ingest_all(shuffled) == ingest_all(raw)


def test_of_one_time_a_rebuild_takes_what_the_events_showed() -> None:
    """A kept event has its keys sorted, so that `field` stands before `key`."""
    first = run_event([], ["t"], minute=-9)
    raw = [
        say(0, tags={"tags": [{"key": "p"}]}),
        say(0, tags={"tags": [{"key": "q", "field": "a"}]}),
    ]
    registry, into = mesh(), event_pipeline()
    ingest_events(CONTEXT, registry, into, events(first, *raw))
    again = mesh()
    rebuild_derived_lineage(CONTEXT, again, into, lambda: True)
    assert (
        shown(again)["facets"]
        == shown(registry)["facets"]
        == {"tags": raw[0]["dataset"]["facets"]["tags"]}
    )


@settings(max_examples=40, deadline=None)
@given(SAID)
def test_a_batch_and_a_rebuild_show_the_same_product(raw: Any) -> None:
    first = run_event([], ["t"], minute=-9)
    registry, into = mesh(), event_pipeline()
    ingest_events(CONTEXT, registry, into, events(first, *raw))
    assert shown(registry) == ingest_all(raw)
    again = mesh()
    rebuild_derived_lineage(CONTEXT, again, into, lambda: True)
    assert shown(again) == ingest_all(raw)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(SAID, EDITS, st.data())
def test_an_edit_shows_the_same_whenever_it_comes(raw: Any, edit: Any, data: Any) -> None:
    places = st.integers(0, len(raw))
    found = ingest_all(raw, edit, data.draw(places))
    shuffled = data.draw(st.permutations(raw))
    assert ingest_all(shuffled, edit, data.draw(places)) == found
    assert {name: found[name] for name in edit} == edit
