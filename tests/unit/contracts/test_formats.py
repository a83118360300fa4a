"""Products in the languages of other tools, which their own tools accept."""

import html.parser
import json
from datetime import UTC, datetime
from typing import Any

import duckdb
import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from datamesh.models.products import ProductRegistration
from datamesh.models.stored_products import StoredProduct
from datamesh.services.contracts.formats.avro import build_avro_schema
from datamesh.services.contracts.formats.dbt import build_dbt_schema, escape_jinja
from datamesh.services.contracts.formats.json_schema import build_json_schema
from datamesh.services.contracts.formats.markdown import write_markdown
from datamesh.services.contracts.formats.sql import write_sql
from datamesh.services.contracts.schemas import open_validator
from datamesh.services.products.column_edits import build_product
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import product_body, resources
from tests.unit.contracts.documents import FULL, write_contract

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "id": {"type": "integer", "primary_key": 1, "description": "It's | the <b>id</b>"},
    "state": {"type": "string", "required": True, "enum": ["open", "it's"], "unique": True},
    "code": {
        "type": "string",
        "options": {"min_length": 2, "max_length": 4, "pattern": "^[a-z]+$"},
    },
    "amount": {"type": "decimal(12,2)", "options": {"minimum": 0, "maximum": 10}},
    "rate": {"type": "double", "options": {"exclusive_minimum": 0}, "classification": "secret"},
    "ok": "boolean",
    "day": "date",
    "at": "timestamptz",
    "local at": "timestamp",
    "clock": "time",
    "address": {
        "type": "object",
        "columns": [
            {"name": "city", "type": "string", "required": True},
            {"name": "parts", "type": "array", "items": {"type": "integer"}},
        ],
    },
    "marks": "int[]",
    "raw": "bytea",
    "labels": "map",
    "any": "variant",
    'odd "name"; --': "string",
    "odd__name____--": "string",
}
ROW: dict[str, Any] = {
    "id": 1,
    "state": "it's",
    "code": "ab",
    "amount": "9.50",
    "rate": 0.5,
    "ok": True,
    "day": "2026-01-31",
    "at": "2026-01-31T09:30:00Z",
    "local at": "2026-01-31T09:30:00",
    "clock": "09:30:00",
    "address": {"city": "Bern", "parts": [1, None]},
    "marks": [1],
    "raw": "AA==",
    "labels": {"a": "b"},
    "any": [1],
}
DESCRIPTION = "It's {{ env_var('X') }} <script>\n# no heading\n- no list\n[no](javascript:x) | a"


def build(**fields: Any) -> StoredProduct:
    body = product_body(**{"description": DESCRIPTION, "schema": SCHEMA, **fields})
    return build_product(ProductRegistration.model_validate(body), NOW, 0, None)


def list_faults(row: dict[str, Any]) -> list[str]:
    schema = build_json_schema(build())
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema)
    checker = kind.FORMAT_CHECKER
    found = kind(schema, format_checker=checker).iter_errors(row)
    return sorted(".".join(map(str, each.path)) or each.validator for each in found)


def test_json_schema_is_valid_for_rows() -> None:
    assert list_faults(ROW) == []
    nullable = {name: None for name in ROW if name not in ("id", "state")}
    assert list_faults({**ROW, **nullable}) == []
    assert list_faults({"id": 1, "state": "open"}) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", None),
        ("id", "1"),
        ("state", "paid"),
        ("code", "a"),
        ("code", "abcde"),
        ("code", "AB"),
        ("amount", "much"),
        ("amount", 11),
        ("rate", 0),
        ("ok", "true"),
        ("day", "31.1.2026"),
        ("address", {"city": None}),
        ("marks", ["a"]),
    ],
)
def test_json_schema_refuses_what_a_column_may_not_have(column: str, value: Any) -> None:
    assert [each.split(".")[0] for each in list_faults({**ROW, column: value})] == [column]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ({"type": "decimal(9,2)", "enum": [1.5, 2]}, "1.50"),
        ({"type": "double", "options": {"minimum": 0}}, "Infinity"),
        ({"type": "map"}, [{"key": "a", "value": 1}]),
        ({"type": "map"}, {"a": 1}),
    ],
)
def test_json_schema_is_valid_for_values_as_rows_show_them(
    column: dict[str, Any], value: Any
) -> None:
    schema = build_json_schema(build(schema={"a": column}))
    assert jsonschema.Draft202012Validator(schema).is_valid({"a": value})
    assert not jsonschema.Draft202012Validator(schema).is_valid({"a": "text"})


def test_json_schema_asks_for_required_columns() -> None:
    assert list_faults({"id": 1}) == ["required"]
    assert build_json_schema(build())["required"] == ["id", "state"]


def test_a_pattern_that_json_schema_does_not_have_is_left_out() -> None:
    for pattern in ("(?i)ab", r"\Aab\z"):
        schema = {"a": {"type": "string", "options": {"pattern": pattern}}}
        assert "pattern" not in build_json_schema(build(schema=schema))["properties"]["a"]


def test_sql_makes_a_table_with_its_constraints() -> None:
    database = duckdb.connect(":memory:")
    database.execute(write_sql(build(name="sales.orders")))
    columns = database.execute(
        "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()"
        " WHERE table_name = 'sales.orders' ORDER BY column_index"
    ).fetchall()
    assert [each[:3] for each in columns] == [
        ("id", "BIGINT", False),
        ("state", "VARCHAR", False),
        ("code", "VARCHAR", True),
        ("amount", "DECIMAL(12,2)", True),
        ("rate", "DOUBLE", True),
        ("ok", "BOOLEAN", True),
        ("day", "DATE", True),
        ("at", "TIMESTAMP WITH TIME ZONE", True),
        ("local at", "TIMESTAMP", True),
        ("clock", "TIME", True),
        ("address", "STRUCT(city VARCHAR, parts BIGINT[])", True),
        ("marks", "BIGINT[]", True),
        ("raw", "BLOB", True),
        ("labels", "MAP(VARCHAR, VARCHAR)", True),
        ("any", "VARCHAR", True),
        ('odd "name"; --', "VARCHAR", True),
        ("odd__name____--", "VARCHAR", True),
    ]
    assert columns[0][3] == "It's | the <b>id</b>"
    comment = database.execute("SELECT comment FROM duckdb_tables()").fetchone()
    assert comment == (DESCRIPTION,)
    table = 'INSERT INTO "sales.orders" (id, state, code, amount, rate) VALUES '
    database.execute(table + "(1, 'it''s', 'ab', 9.5, 0.5)")
    for row in (
        "(NULL, 'open', 'ab', 1, 1)",
        "(1, 'open', 'ab', 1, 1)",
        "(2, 'paid', 'ab', 1, 1)",
        "(2, 'it''s', 'ab', 1, 1)",
        "(2, 'open', 'a', 1, 1)",
        "(2, 'open', 'ab', 11, 1)",
        "(2, 'open', 'ab', 1, 0)",
    ):
        with pytest.raises(duckdb.ConstraintException):
            database.execute(table + row)


def test_names_that_differ_by_case_alone_are_told_apart_in_sql() -> None:
    product = build(schema={"a": "string"}).model_copy(update={"schema_": {"a": "int", "A": "int"}})
    duckdb.connect(":memory:").execute(write_sql(product))
    assert '"A_2" BIGINT' in write_sql(product)
    duckdb.connect(":memory:").execute(write_sql(product.model_copy(update={"schema_": {}})))


def test_avro_has_a_field_for_each_column() -> None:
    schema = build_avro_schema(build(name="1st.orders", domain="north sea"))
    assert (schema["name"], schema["namespace"]) == ("_1st_orders", "north_sea")
    fields = {each["name"]: each for each in schema["fields"]}
    assert fields["id"]["type"] == "long"
    assert "default" not in fields["id"]
    assert fields["amount"] == {
        "name": "amount",
        "type": [
            "null",
            {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2},
        ],
        "default": None,
    }
    assert fields["at"]["type"][1]["logicalType"] == "timestamp-micros"
    assert fields["local_at"]["type"][1]["logicalType"] == "local-timestamp-micros"
    assert fields["local_at"]["doc"] == "Column local at"
    address = fields["address"]["type"][1]
    assert address["name"] == "_1st_orders_address"
    assert address["fields"] == [
        {"name": "city", "type": "string"},
        {
            "name": "parts",
            "type": ["null", {"type": "array", "items": ["null", "long"]}],
            "default": None,
        },
    ]
    assert [name for name in fields if name.startswith("odd")] == [
        "odd__name____",
        "odd__name_____2",
    ] or len({name.casefold() for name in fields}) == len(SCHEMA)


def test_dbt_has_tests_for_what_columns_ask_for() -> None:
    tree = build_dbt_schema(build(tags=["gold"]))
    assert tree["version"] == 2
    (model,) = tree["models"]
    assert model["name"] == "orders"
    assert model["config"]["tags"] == ["gold"]
    columns = {each["name"]: each for each in model["columns"]}
    assert columns["id"]["data_tests"] == ["not_null", "unique"]
    assert columns["state"]["data_tests"] == [
        "not_null",
        "unique",
        {"accepted_values": {"values": ["open", "it''s"]}},  # which dbt puts into SQL as it is
    ]
    assert [name for name, each in columns.items() if each.get("quote")] == [
        "local at",
        "any",
        'odd "name"; --',
        "odd__name____--",
    ]
    assert columns["rate"] == {
        "name": "rate",
        "data_type": "DOUBLE PRECISION",
        "meta": {"classification": "secret"},
    }
    assert columns["amount"]["data_type"] == "DECIMAL(12, 2)"


@pytest.mark.parametrize("name", ["order", "Select", "1st", "über", "a b"])
def test_dbt_quotes_names_that_sql_would_not_take(name: str) -> None:
    tree = build_dbt_schema(build(schema={name: {"type": "string", "unique": True}}))
    assert tree["models"][0]["columns"] == [
        {"name": name, "data_type": "VARCHAR", "quote": True, "data_tests": ["unique"]}
    ]


def test_dbt_has_no_tests_of_a_name_that_it_cannot_quote() -> None:
    tree = build_dbt_schema(build(schema={'a"b': {"type": "string", "unique": True}}))
    assert "data_tests" not in tree["models"][0]["columns"][0]


@pytest.mark.parametrize(
    "text",
    ["{{ env_var('X') }}", "{% raw %}", "{#", "{{{%", "a {{", "it's {{ '{{' }}", "{ {", "}}"],
)
def test_jinja_renders_texts_as_they_are(text: str) -> None:
    jinja2 = pytest.importorskip("jinja2")
    assert jinja2.Template(escape_jinja(text), keep_trailing_newline=True).render() == text


class Elements(html.parser.HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.found.append(tag)


def test_markdown_shows_texts_as_they_are() -> None:
    links = [{"title": "a](javascript:x) [b", "url": "https://e.com/>(x)"}]
    contacts = [{"name": "Anna | <i>", "role": "Owner", "email": "anna@e.com"}]
    text = write_markdown(build(links=links, contacts=contacts, title="A *title*"))
    assert text.splitlines()[:6] == [
        "# A \\*title\\*",
        "",
        "It's {{ env\\_var('X') }} &lt;script&gt;",
        "\\# no heading",
        "\\- no list",
        "\\[no\\](javascript\\:x) \\| a",
    ]
    assert "| id | integer | no | primary 1 | It's \\| the &lt;b&gt;id&lt;/b&gt; |" in text
    assert "| address.city | string | no |  |  |" in text
    assert "- [a\\](javascript\\:x) \\[b](<https://e.com/%3E%28x%29>)" in text
    assert "| Anna \\| &lt;i&gt; | Owner | anna\\@e.com |" in text
    page = Elements()
    page.feed(text.replace("<https:", "https:"))
    assert page.found == []


def read(client: Client, kind: str, name: str = "orders") -> Answer:
    answer = client.get(f"/product/{name}/contract", format=kind)
    assert answer.status == 200
    return answer


MEDIA_TYPES = {
    "odcs": "application/yaml",
    "odps": "application/yaml",
    "jsonschema": "application/schema+json",
    "avro": "application/json",
    "sql": "application/sql",
    "dbt": "application/yaml",
    "markdown": "text/markdown; charset=utf-8",
}


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_each_format_is_answered_with_its_type_and_etag(
    kind: str, client: Client, products: Client
) -> None:
    assert client.send(api_event("POST", "/contracts", FULL)).status == 200
    answer = read(client, kind)
    assert answer.headers["content-type"] == MEDIA_TYPES[kind]
    again = client.send(
        api_event(
            "GET",
            "/product/orders/contract",
            query={"format": kind},
            headers={"if-none-match": answer.headers["etag"]},
        )
    )
    assert again.status == 304
    body = product_body(name="plain", schema={"a": "int"})
    assert products.post("/register_product", body).status == 200
    assert read(client, kind, "plain").content
    packed = client.send(
        api_event(
            "GET",
            "/product/orders/contract",
            query={"format": kind},
            headers={"accept-encoding": "gzip"},
        )
    )
    assert (packed.headers.get("content-encoding") == "gzip") is (len(answer.content) > 1023)


def test_a_format_that_is_not_known_is_refused(client: Client) -> None:
    answer = client.get("/product/orders/contract", format="xml")
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "format"


def test_a_contract_is_the_same_as_format_odcs(client: Client) -> None:
    client.send(api_event("POST", "/contracts", write_contract()))
    assert read(client, "odcs", "parcels").content == write_contract().encode()


def test_odps_names_the_contract_and_what_a_product_is_made_of(
    serve: Serve, registry: Registry, client: Client, products: Client
) -> None:
    for name in ("customers", "payments"):
        products.post("/register_product", product_body(name=name))
    details = {
        "support": {"channel": "#orders"},
        "contacts": [{"name": "Anna", "email": "anna@e.com", "role": "Owner"}],
        "links": [{"title": "Wiki", "url": "https://e.com/wiki"}],
        "custom": {"cost": 7},
    }
    client.send(api_event("POST", "/contracts", write_contract(name="orders")))
    products.put("/product/orders", details)
    lineage = serve("lineage", resources(registry))
    for name in ("payments", "customers"):
        body = {"source": name, "target": "orders", "lineage_type": "direct", "transformation": "x"}
        assert lineage.post("/register_lineage", body).status == 200
    tree = yaml.safe_load(read(client, "odps").content)
    assert [*open_validator("dataproduct/schemas/odps-1.1.0.schema.json").iter_errors(tree)] == []
    assert tree["inputPorts"] == [{"name": "customers"}, {"name": "payments"}]
    assert tree["outputPorts"] == [
        {
            "name": "orders",
            "description": "orders",
            "version": "1.0.0",
            "contractId": "urn:datacontract:sales:parcels",
        }
    ]
    assert tree["support"] == [{"channel": "#orders", "url": ""}]
    assert tree["team"]["members"] == [{"username": "anna@e.com", "name": "Anna", "role": "Owner"}]


def test_odps_of_a_product_without_contacts_names_its_owner(
    client: Client, products: Client
) -> None:
    products.post("/register_product", product_body())
    tree = yaml.safe_load(read(client, "odps").content)
    assert tree["team"] == {"name": "sales-team"}
    assert tree["outputPorts"][0]["contractId"] == "orders"


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_product_with_an_output_port_has_each_format(
    kind: str, client: Client, products: Client
) -> None:
    port = {"location": "domains/sales/orders/", "format": "csv"}
    assert products.post("/register_product", product_body(output_port=port)).status == 200
    content = read(client, kind).content
    if kind == "odps":
        assert yaml.safe_load(content)["outputPorts"][0]["type"] == "csv"


def test_deprecated_products_say_so(client: Client) -> None:
    client.send(api_event("POST", "/contracts", write_contract(status="deprecated")))
    answer = client.get("/product/parcels/contract", format="jsonschema")
    assert "deprecation" in answer.headers
    assert json.loads(answer.content)["deprecated"] is True
