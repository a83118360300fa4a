"""Output ports on products: what is accepted, and where a registry may read."""

from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.settings import load_settings
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Client
from tests.meshes import add_product, mesh, product_body, resources
from tests.tables import parquet

PORT = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["day"]}
ELSEWHERE = PORT | {"location": "s3://lake/orders/"}


@pytest.fixture
def lake() -> Registry:
    return Registry(**{**vars(mesh()), "data_prefixes": ("s3://lake/orders/", "s3://other/")})


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def register(client: Client, port: Any) -> Any:
    return client.post("/register_product", product_body(output_port=port))


@pytest.mark.parametrize(
    "port",
    [
        PORT,
        {"location": "domains/sales/orders/", "format": "csv"},
        {"location": "domains/sales/orders/v2/2023.07/", "format": "jsonl", "partitions": []},
        {"location": "domains/a-b_c/x=1/", "format": "csv", "partitions": ["a", "b"]},
        None,
    ],
)
def test_a_port_is_kept_as_it_was_registered(client: Client, port: Any) -> None:
    assert register(client, port).status == 200
    expected = port and {"partitions": [], **port}
    assert client.get("/product/orders").body["output_port"] == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"location": location}, "location")
        for location in (
            "",
            "domains/",
            "domains/sales/",
            "domains/sales/orders",
            "/domains/sales/orders/",
            "domains//orders/",
            "domains/../orders/",
            "domains/sales/../",
            "domains/sales/..../",
            "domains/sales/a..b/",
            "domains/sales/.hidden/",
            "domains/sales/a b/",
            "domains/sales/%2e%2e/",
            "domains/sales/a*/",
            "domains/sales/a\\b/",
            "domains/sales/a\n/",
            "domains/sales/orders/\n",
            "domains/sales/söders/",
            "domains/" + "a/" * 9,
            "domains/sales/" + "a" * 500 + "/",
            "products.json",
            "idempotency/sales/orders/",
            "Domains/sales/orders/",
            "https://example.com/x/",
            "file:///etc/passwd/",
            "s3://Bucket/x/",
            "s3://lake",
            "s3://lake/x",
            "s3:///x/",
            "s3://lake/../x/",
            "s3://a..b/x/",
            "s3://lake@evil/x/",
        )
    ]
    + [
        ({"format": "avro"}, "format"),
        ({"format": None}, "format"),
        ({"partitions": ["a", "A"]}, "partitions"),
        ({"partitions": ["a/b"]}, "partitions.0"),
        ({"partitions": ["a=b"]}, "partitions.0"),
        ({"partitions": [""]}, "partitions.0"),
        ({"partitions": [f"p{n}" for n in range(9)]}, "partitions"),
        ({"compression": "gzip"}, "compression"),
    ],
)
def test_a_bad_port_is_refused_by_its_field(
    client: Client, registry: Registry, changes: dict[str, Any], field: str
) -> None:
    answer = register(client, PORT | changes)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == f"output_port.{field}"
    add_product(registry, "orders")
    answer = client.put("/product/orders", {"output_port": PORT | changes})
    assert answer.status == 422
    assert registry.products.read(NO_DEADLINE).products["orders"].output_port is None


def test_a_port_is_changed_and_removed(client: Client) -> None:
    register(client, PORT)
    changed = PORT | {"format": "csv", "partitions": []}
    assert (
        client.put("/product/orders", {"output_port": changed}).body["data"]["output_port"]
        == changed
    )
    assert client.put("/product/orders", {"output_port": None}).body["data"]["output_port"] is None


@pytest.mark.parametrize(
    "location", ["s3://lake/", "s3://lake/order/", "s3://lake/orders-2/", "s3://lakes/orders/"]
)
def test_another_bucket_is_refused_unless_a_prefix_allows_it(
    serve: Serve, lake: Registry, location: str
) -> None:
    client = serve("products", resources(lake))
    answer = register(client, PORT | {"location": location})
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "output_port.location",
            "location": "body",
            "message": f"{location} is in no bucket that the registry may read (DataBucketArns)",
        }
    ]
    items = [product_body(name="a", output_port=PORT | {"location": location})]
    answer = client.post("/products/bulk", {"items": items})
    assert answer.body["errors"][0]["field"] == "items.0.output_port.location"
    assert not lake.products.read(NO_DEADLINE).products


def test_by_default_no_other_bucket_is_allowed(client: Client) -> None:
    assert register(client, ELSEWHERE).status == 422


@pytest.mark.parametrize("location", ["s3://lake/orders/", "s3://lake/orders/v2/", "s3://other/"])
def test_an_allowed_prefix_is_read(serve: Serve, lake: Registry, location: str) -> None:
    port = {"location": location, "format": "parquet"}
    assert register(serve("products", resources(lake)), port).status == 200
    files = {f"{location}a.parquet": parquet("SELECT 'O1' AS order_id")}
    domains = serve("domains", resources(lake, files))
    assert domains.get("/domains/sales/orders").body == [{"order_id": "O1"}]


def test_what_is_no_longer_allowed_is_no_longer_read(serve: Serve, lake: Registry) -> None:
    register(serve("products", resources(lake)), ELSEWHERE)
    narrowed = Registry(**{**vars(lake), "data_prefixes": ()})
    client = serve("domains", resources(narrowed))
    for path in ("/domains/sales/orders", "/domains/sales/orders/profile", "/sales/orders"):
        answer = client.get(path)
        assert answer.status == 422
        assert "DataBucketArns" in answer.body["message"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("s3://lake/", ("s3://lake/",)),
        (" s3://lake/a/ ,s3://b.c/ ", ("s3://lake/a/", "s3://b.c/")),
        ("arn:aws:s3:::lake,arn:aws-cn:s3:::b", ("s3://lake/", "s3://b/")),
    ],
)
def test_the_setting_is_a_list_of_prefixes(text: str, expected: tuple[str, ...]) -> None:
    settings = load_settings({"CATALOG_BUCKET": "catalog", "DATA_PREFIXES": text})
    assert settings.data_prefixes == expected


@pytest.mark.parametrize("text", ["lake", "s3://", "s3://lake", "s3://lake/*/", "arn:aws:s3:::*"])
def test_a_bad_prefix_stops_the_function(text: str) -> None:
    with pytest.raises(Exception, match=r"^DATA_PREFIXES: "):
        load_settings({"CATALOG_BUCKET": "catalog", "DATA_PREFIXES": text})
