"""Columns of products: what people say of them, stored once, and shown with what events say."""

from typing import Any

import pytest

from datamesh.models.json_codec import decode_value
from datamesh.models.products import MAX_PRODUCT_BYTES
from datamesh.services.openlineage.ingest import EventPipeline
from datamesh.services.registry.merging import merge_products
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.events import dataset, dataset_event, send
from tests.lambdas import Answer, Client, api_event
from tests.meshes import NOON, event_pipeline, product_body, resources

ADDRESS = {
    "type": "object",
    "columns": [
        {"name": "street", "type": "string", "required": True},
        {"name": "lines", "type": "array", "items": {"type": "string", "tags": ["PII"]}},
    ],
}
STATUS = {
    "type": "string",
    "description": "  State of the order ",
    "physical_type": "varchar(10)",
    "physical_name": "STAT",
    "required": True,
    "unique": False,
    "classification": "internal",
    "tags": ["Key", "key"],
    "deprecated": True,
    "enum": ["new", "sent", 3, 2.5, True],
    "options": {"min_length": 3, "max_length": 10, "pattern": "^[a-z]+$", "format": "word"},
}
SHOWN_STATUS = {
    "name": "status",
    "type": "string",
    "description": "State of the order",
    "tags": ["key"],
    "physical_type": "varchar(10)",
    "physical_name": "STAT",
    "required": True,
    "classification": "internal",
    "deprecated": True,
    "enum": ["new", "sent", 3, 2.5, True],
    "options": {"min_length": 3, "max_length": 10, "pattern": "^[a-z]+$", "format": "word"},
}
PLAIN_ID: dict[str, Any] = {"name": "order_id", "type": "string", "description": None, "tags": []}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def put(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.put("/product/orders", changes)
    assert answer.status == 200, answer.body
    data: dict[str, Any] = answer.body["data"]
    return data


def read_columns(client: Client) -> dict[str, dict[str, Any]]:
    product = client.get("/product/orders").body
    return {each["name"]: each for each in product.get("columns", [])}


def read_stored(registry: Registry) -> dict[str, Any]:
    [record] = registry.products.read_latest(NO_DEADLINE).products.values()
    stored = decode_value(bytes(record.json))
    assert isinstance(stored, dict)
    return stored


def list_refused(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 422, answer.body
    return [(each["field"], each["message"]) for each in answer.body["errors"]]


def test_both_forms_of_a_column_are_taken_side_by_side(client: Client) -> None:
    schema = {"order_id": "string", "status": STATUS, "address": ADDRESS}
    registered = client.post("/register_product", product_body(schema=schema)).body["data"]
    assert registered["schema"] == {"order_id": "string", "status": "string", "address": "object"}
    assert registered["columns"] == [
        PLAIN_ID,
        SHOWN_STATUS,
        {
            "name": "address",
            "type": "object",
            "description": None,
            "tags": [],
            "columns": [
                {
                    "name": "street",
                    "type": "string",
                    "description": None,
                    "tags": [],
                    "required": True,
                },
                {
                    "name": "lines",
                    "type": "array",
                    "description": None,
                    "tags": [],
                    "items": {"type": "string", "description": None, "tags": ["pii"]},
                },
            ],
        },
    ]
    assert client.get("/product/orders").body == registered
    assert client.get("/products").body == [registered]
    assert [each["name"] for each in client.get("/products", q="state of").body] == ["orders"]


def test_nested_columns_may_have_the_form_of_a_schema(client: Client) -> None:
    nested = {"type": "object", "columns": {"a": "string", "b": {"type": "int", "unique": True}}}
    body = product_body(schema={"x": nested})
    [column] = client.post("/register_product", body).body["data"]["columns"]
    assert [(each["name"], each["type"]) for each in column["columns"]] == [
        ("a", "string"),
        ("b", "int"),
    ]


def test_columns_with_no_more_than_a_type_leave_no_trace(
    client: Client, registry: Registry
) -> None:
    client.post("/register_product", product_body())
    plain = bytes(registry.products.read_latest(NO_DEADLINE).products["orders"].json)
    client.delete("/product/orders")
    said = {"order_id": {"type": "string", "required": False, "options": {}, "tags": []}}
    answer = client.post("/register_product", product_body(schema=said)).body["data"]
    assert "columns" not in answer
    stored = bytes(registry.products.read_latest(NO_DEADLINE).products["orders"].json)
    assert stored.replace(b'"since_revision":3', b'"since_revision":1') == plain


def test_each_fact_is_stored_once(client: Client, registry: Registry) -> None:
    schema = {"status": {**STATUS, "restricted": True}, "plain": "string"}
    client.post("/register_product", product_body(schema=schema))
    stored = read_stored(registry)
    assert stored["schema"] == {"status": "string", "plain": "string"}
    assert stored["restricted_columns"] == ["status"]
    assert stored["column_tags"] == {"status": ["key"]}
    left_out = {"name", "type", "tags"}
    expected = {key: each for key, each in SHOWN_STATUS.items() if key not in left_out}
    assert stored["own_columns"] == {"status": expected}


def test_a_plain_schema_keeps_what_was_said_of_columns_that_stay(client: Client) -> None:
    client.post("/register_product", product_body(schema={"status": STATUS, "b": "string"}))
    put(client, schema={"status": "text", "c": "string"})
    assert read_columns(client)["status"] == SHOWN_STATUS | {"type": "text"}
    put(client, schema={"c": "string"})
    put(client, schema={"c": "string", "status": "text"})
    assert set(read_columns(client)) == {"status"}  # its tags stay, as ever
    assert read_columns(client)["status"] == {
        "name": "status",
        "type": "text",
        "description": None,
        "tags": ["key"],
    }


def test_an_object_says_all_of_a_column_but_tags_and_restriction(client: Client) -> None:
    schema = {"status": {**STATUS, "restricted": True}, "b": {"type": "int", "unique": True}}
    client.post("/register_product", product_body(schema=schema))
    put(client, schema={"status": {"type": "string", "description": "Other"}, "b": "int"})
    columns = read_columns(client)
    assert columns["status"] == {
        "name": "status",
        "type": "string",
        "description": "Other",
        "tags": ["key"],
        "restricted": True,
    }
    assert columns["b"]["unique"] is True
    opened = {"type": "string", "tags": [], "restricted": False}
    assert put(client, schema={"status": opened, "b": "int"}).get("restricted_columns") is None
    assert read_columns(client)["status"] == {
        "name": "status",
        "type": "string",
        "description": None,
        "tags": [],
    }


def test_a_restricted_column_is_the_same_fact_in_both_places(client: Client) -> None:
    body = product_body(
        schema={"a": {"type": "string", "restricted": True}, "b": "string"},
        restricted_columns=["b"],
    )
    product = client.post("/register_product", body).body["data"]
    assert product["restricted_columns"] == ["b", "a"]
    assert [each["restricted"] for each in product["columns"]] == [True, True]
    product = put(client, restricted_columns=["b"])
    assert [(each["name"], each["restricted"]) for each in product["columns"]] == [("b", True)]
    contradiction = {"schema": {"b": {"type": "string", "restricted": False}, "a": "string"}}
    answer = client.put("/product/orders", {**contradiction, "restricted_columns": ["b"]})
    assert list_refused(answer) == [
        ("schema.b.restricted", "must be true: restricted_columns names it")
    ]


def test_stewards_alone_restrict_a_column_and_open_it(client: Client) -> None:
    def write(method: str, path: str, body: Any, role: str) -> int:
        grants = [{"role": role, "domain": "sales"}]
        return client.send(api_event(method, path, body, principal="key:a", grants=grants)).status

    closed = {"a": {"type": "string", "restricted": True}}
    register = ("POST", "/register_product", product_body(schema=closed))
    assert write(*register, "contributor") == 403
    assert write(*register, "steward") == 200
    path, plain = "/product/orders", {"schema": {"a": {"type": "string", "unique": True}}}
    assert write("PUT", path, {"schema": closed}, "contributor") == 200  # it is so already
    assert write("PUT", path, plain, "contributor") == 200
    opened = {"schema": {"a": {"type": "string", "restricted": False}}}
    assert write("PUT", path, opened, "contributor") == 403
    assert write("PUT", path, opened, "steward") == 200
    assert write("PUT", path, {"schema": closed}, "contributor") == 403


def nest(depth: int) -> dict[str, Any]:
    column: dict[str, Any] = {"type": "int"}
    for _ in range(depth - 1):
        column = {"type": "array", "items": column}
    return column


@pytest.mark.parametrize(
    ("schema", "field", "message"),
    [
        ({"a": {"tipe": "x", "type": "y"}}, "schema.a.tipe", "Extra inputs are not permitted"),
        ({"a": {}}, "schema.a.type", "Field required"),
        ({"a": 5}, "schema.a", "Input should be a valid string"),
        (
            {"a": {"type": "string", "options": {"pattern": "(?=x)"}}},
            "schema.a.options.pattern",
            "must be a pattern that RE2 runs, got a look-around, or another group that it does"
            " not have, at character 2",
        ),
        (
            {"a": {"type": "int", "options": {"minimum": 2, "maximum": 1}}},
            "schema.a.options",
            "minimum must not be greater than maximum",
        ),
        (
            {"a": {"type": "object", "columns": [{"type": "int"}]}},
            "schema.a",
            "columns: each needs a name",
        ),
        (
            {"a": {"type": "object", "columns": {"b": "int", "B": "int"}}},
            "schema.a",
            "columns: 'b' and 'B' differ by case alone",
        ),
        (
            {"a": {"type": "array", "items": {"type": "int", "restricted": True}}},
            "schema.a",
            "restricted: only a column of the schema itself can be",
        ),
        ({"a": nest(17)}, "schema.a", "columns must be nested at most 16 deep"),
        (
            {"a": {"type": "int", "primary_key": 1}, "b": {"type": "int", "primary_key": 1}},
            "schema.b.primary_key",
            "'a' has the position 1 already",
        ),
        ({"a": {"type": "int", "name": "b"}}, "schema.a.name", "must be 'a', as the schema has it"),
        (
            {"a": {"type": "int", "enum": ["x" * 1001]}},
            "schema.a.enum.0.constrained-str",
            "String should have at most 1000 characters",
        ),
        ({"A": {"type": "int"}, "a": "int"}, "schema", None),
    ],
)
def test_a_refusal_names_the_place(
    client: Client, schema: dict[str, Any], field: str, message: str | None
) -> None:
    answers = [client.post("/register_product", product_body(schema=schema))]
    client.post("/register_product", product_body())
    answers.append(client.put("/product/orders", {"schema": schema}))
    for answer in answers:
        [*found] = [each for each in list_refused(answer) if each[0] == field]
        assert found, answer.body
        assert message is None or found[0][1] == message
    item = product_body(name="other", schema=schema)
    bulk = client.post("/products/bulk", {"items": [item]})
    assert f"items.0.{field}" in {each[0] for each in list_refused(bulk)}


def test_the_deepest_and_the_most_columns_are_taken(client: Client) -> None:
    assert client.post("/register_product", product_body(schema={"a": nest(16)})).status == 200
    assert read_columns(client)["a"]["items"]["items"]["type"] == "array"
    many = {"type": "object", "columns": {f"c{n}": "int" for n in range(1999)}}
    answer = client.post("/register_product", product_body(name="most", schema={"a": many}))
    assert answer.status == 200
    large = {f"c{n}": {"type": "int", "description": "x" * 4000} for n in range(20)}
    answer = client.post("/register_product", product_body(name="large", schema=large))
    assert list_refused(answer)[0][0] == "body"
    assert str(MAX_PRODUCT_BYTES) in answer.body["message"]
    more = {"type": "object", "columns": {f"c{n}": "int" for n in range(2000)}}
    answer = client.post("/register_product", product_body(name="most", schema={"a": more}))
    assert list_refused(answer) == [("schema", "at most 2000 columns with nested ones, got 2001")]


def test_items_of_a_bulk_have_columns(client: Client) -> None:
    item = product_body(schema={"a": {"type": "strange thing", "description": "A"}, "b": "string"})
    answer = client.post("/products/bulk", {"items": [item]})
    assert answer.status == 200
    assert "strange thing" in answer.body["warnings"][0]
    assert read_columns(client)["a"]["description"] == "A"


def test_a_put_with_no_change_commits_nothing(client: Client, registry: Registry) -> None:
    schema = {"status": STATUS, "b": "string"}
    client.post("/register_product", product_body(schema=schema))
    before = client.get("/product/orders")
    for changes in ({"schema": schema}, {"schema": {"status": "string", "b": "string"}}):
        put(client, **changes)
    after = client.get("/product/orders")
    assert (after.body, after.headers["etag"]) == (before.body, before.headers["etag"])
    assert registry.products.read_latest(NO_DEADLINE).revision == 1
    put(client, schema={"b": "string", "status": "string"})  # another order
    assert registry.products.read_latest(NO_DEADLINE).revision == 2


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


def say(minute: int, **types: str) -> dict[str, Any]:
    fields = [
        {"name": name, "type": kind, "description": f"{name} of events"}
        for name, kind in types.items()
    ]
    return dataset_event(dataset("orders", facets={"schema": {"fields": fields}}), minute)


def test_events_change_types_and_a_person_describes(
    client: Client, registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, say(1, a="int", b="int"))
    described = {"a": {"type": "int", "description": "Mine", "required": True}, "b": "int"}
    product = put(client, schema=described)
    assert [each["description"] for each in product["columns"]] == ["Mine", "b of events"]
    send(registry, into, say(2, a="long", c="int"))
    assert client.get("/product/orders").body["schema"] == {"a": "long", "c": "int"}
    columns = read_columns(client)
    assert columns["a"] == {
        "name": "a",
        "type": "long",
        "description": "Mine",
        "tags": [],
        "required": True,
    }
    assert columns["c"]["description"] == "c of events"
    put(client, schema={"a": {"type": "long"}, "c": "int"})
    assert read_columns(client)["a"]["description"] == "a of events"


def test_a_plain_schema_still_ends_that_events_set_it(
    client: Client, registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, say(1, a="int"))
    put(client, schema={"a": {"type": "bigint", "unique": True}})
    send(registry, into, say(2, a="long"))
    assert client.get("/product/orders").body["schema"] == {"a": "bigint"}


def test_products_that_become_one_keep_what_was_said_of_columns(
    client: Client, registry: Registry
) -> None:
    schema = {"a": {"type": "int", "description": "First"}, "b": "int"}
    client.post("/register_product", product_body(schema=schema))
    schema = {"a": {"type": "int", "description": "No"}, "b": {"type": "int", "unique": True}}
    client.post("/register_product", product_body(name="other", schema=schema))
    file = registry.products.read_latest(NO_DEADLINE)
    merged = merge_products(file, "orders", "other", NOON).products["orders"].to_model()
    assert [(each.description, each.unique) for each in merged.columns] == [
        ("First", False),
        (None, True),
    ]


def test_changes_show_columns_that_came(client: Client, serve: Serve, registry: Registry) -> None:
    client.post("/register_product", product_body())
    put(client, schema={"order_id": {"type": "string", "description": "Number"}})
    dataset_of_marquez = serve("marquez", resources(registry))
    put(client, openlineage=[{"namespace": "w", "name": "orders"}])
    found = dataset_of_marquez.get("/api/v1/namespaces/w/datasets/orders").body
    assert [(each["name"], each["description"]) for each in found["fields"]] == [
        ("order_id", "Number")
    ]
