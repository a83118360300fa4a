"""Output ports on products: what is accepted, and where a registry may read."""

import re
from typing import Any

import pytest

from datamesh.models.products import ProductRegistration
from datamesh.services.datasets.locations import is_allowed
from datamesh.services.registry.registry import Registry
from datamesh.settings import load_settings
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Client, api_event
from tests.meshes import add_product, mesh, product_body, resources, store_product
from tests.tables import parquet

PORT = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["day"]}
ELSEWHERE = PORT | {"location": "s3://lake/orders/"}


@pytest.fixture
def lake() -> Registry:
    grants = {"sales": ["s3://lake/orders/", "s3://other/"], "finance": ["s3://lake/order/"]}
    return Registry(**{**vars(mesh()), "data_locations": grants})


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
        {"location": "domains/SALES/x=1/", "format": "csv", "partitions": ["a", "b"]},
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
    "location",
    [
        "s3://lake/",
        "s3://lake/order/",
        "s3://lake/orders-2/",
        "s3://lakes/orders/",
        "domains/finance/transactions/",
        "domains/sales-2/orders/",
        "domains/sale/orders/",
        "domains/finance/sales/",
    ],
)
def test_a_location_of_another_domain_is_refused(
    serve: Serve, lake: Registry, location: str
) -> None:
    client = serve("products", resources(lake))
    answer = register(client, PORT | {"location": location})
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "output_port.location",
            "location": "body",
            "message": f"{location} is no location of the domain 'sales', whose output ports may"
            " lie below domains/sales/, s3://lake/orders/, s3://other/; an operator can grant"
            " others (DataLocations)",
        }
    ]
    items = [product_body(name="a", output_port=PORT | {"location": location})]
    answer = client.post("/products/bulk", {"items": items})
    assert answer.body["errors"][0]["field"] == "items.0.output_port.location"
    event = api_event("POST", "/products/bulk", {"items": items}, query={"partial": "true"})
    answer = client.send(event)
    assert (answer.status, answer.body["data"]["registered"]) == (200, 0)
    assert not lake.products.read(NO_DEADLINE).products
    register(client, PORT)
    answer = client.put("/product/orders", {"output_port": PORT | {"location": location}})
    assert answer.body["errors"][0]["field"] == "output_port.location"
    port = lake.products.read(NO_DEADLINE).products["orders"].output_port
    assert port is not None
    assert port.location == PORT["location"]


def test_a_change_of_a_port_is_judged_by_the_domain_that_is_committed(
    serve: Serve, registry: Registry
) -> None:
    add_product(registry, "orders", domain="finance")
    client = serve("products", resources(registry))
    assert client.put("/product/orders", {"output_port": PORT}).status == 422
    moved = PORT | {"location": "domains/finance/orders/"}
    assert client.put("/product/orders", {"output_port": moved}).status == 200


def test_by_default_no_other_bucket_is_allowed(client: Client) -> None:
    assert register(client, ELSEWHERE).status == 422


@pytest.mark.parametrize("location", ["s3://lake/orders/", "s3://lake/orders/v2/", "s3://other/"])
def test_an_allowed_prefix_is_read(serve: Serve, lake: Registry, location: str) -> None:
    port = {"location": location, "format": "parquet"}
    assert register(serve("products", resources(lake)), port).status == 200
    files = {f"{location}a.parquet": parquet("SELECT 'O1' AS order_id")}
    domains = serve("domains", resources(lake, files))
    assert domains.get("/domains/sales/orders").body == [{"order_id": "O1"}]


def test_a_grant_to_all_domains_is_for_each(serve: Serve) -> None:
    grants = {"*": ["s3://lake/", "domains/finance/"]}
    registry = Registry(**{**vars(mesh()), "data_locations": grants})
    client = serve("products", resources(registry))
    for number, location in enumerate(("s3://lake/a/", "domains/finance/transactions/")):
        port = PORT | {"location": location}
        assert (
            client.post(
                "/register_product", product_body(name=f"p{number}", output_port=port)
            ).status
            == 200
        )


def test_what_is_no_longer_granted_is_no_longer_read(serve: Serve, lake: Registry) -> None:
    register(serve("products", resources(lake)), ELSEWHERE)
    narrowed = Registry(**{**vars(lake), "data_locations": {}})
    refuse_reads(serve("domains", resources(narrowed)), "s3://lake/orders/", "sales")


def refuse_reads(client: Client, location: str, domain: str) -> None:
    expected = {
        "success": False,
        "message": f"The data of 'orders' is not served: {location} is no location of its domain"
        f" '{domain}'. Change its output port, or have the location granted (DataLocations)",
    }
    path = f"/domains/{domain}/orders"
    for method, read in (
        ("GET", path),
        ("GET", f"{path}/profile"),
        ("POST", f"{path}/check"),
    ):
        answer = client.send(api_event(method, read))
        assert (answer.status, answer.body) == (424, expected), read


def test_a_port_of_before_the_rule_is_not_read(serve: Serve, registry: Registry) -> None:
    files = {"hr/salaries/a.csv": b"order_id\nsecret\n"}
    store_product(registry, output_port={"location": "domains/hr/salaries/", "format": "csv"})
    client = serve("domains", resources(registry, files))
    refuse_reads(client, "domains/hr/salaries/", "sales")
    for path in ("/domains/hr/salaries", "/sales/orders"):
        assert client.get(path).status == 424
    # It stays readable in every other way, and can be mended.
    products = serve("products", resources(registry))
    assert products.get("/product/orders").status == 200
    assert products.put("/product/orders", {"version": "1.0.1"}).status == 200
    assert products.put("/product/orders", {"output_port": None}).status == 200
    assert client.get("/domains/sales/orders").body == []


def test_a_port_of_before_the_rule_does_not_hide_the_owners(
    serve: Serve, registry: Registry
) -> None:
    port = {"location": "domains/hr/salaries/", "format": "csv"}
    store_product(registry, output_port=port)
    add_product(registry, "pay", domain="hr", output_port=port)
    client = serve("domains", resources(registry, {"hr/salaries/a.csv": b"order_id\n1\n"}))
    assert client.get("/domains/hr/salaries").body == [{"order_id": "1"}]


@pytest.mark.parametrize("domain", ["..", "."])
def test_the_data_of_a_stored_domain_that_is_no_folder_is_not_read(
    serve: Serve, registry: Registry, domain: str
) -> None:
    store_product(registry, domain=domain)
    files = {f"{domain}/orders/a.csv": b"order_id\nsecret\n"}
    client = serve("domains", resources(registry, files))
    refuse_reads(client, f"domains/{domain}/orders/", domain)
    assert client.get(f"/domains/{domain}").body[0]["domain"] == domain


@pytest.mark.parametrize("domain", ["hr/salaries", "hr", "", "/", "..", "x/../hr"])
def test_only_one_folder_is_a_domains_own(domain: str) -> None:
    for location in ("domains/hr/salaries/orders/", f"domains/{domain}/orders/"):
        own = domain == "hr"
        assert is_allowed({}, domain, location) is own
        assert is_allowed({domain: ["domains/"]}, domain, location)


@pytest.mark.parametrize(
    "domain",
    [
        "..",
        ".",
        ".hidden",
        "a/b",
        "a\\b",
        '"]<img onerror>',
        "a%2fb",
        "a?b",
        "a#b",
        "*",
        "a\nb",
        "\x7f",
    ],
)
def test_a_domain_names_a_folder(client: Client, registry: Registry, domain: str) -> None:
    answer = client.post("/register_product", product_body(domain=domain))
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "domain",
            "location": "body",
            "message": 'must not begin with a dot, nor have one of / \\ < > " * ? # % or a control'
            " character",
        }
    ]
    published = re.compile(
        ProductRegistration.model_json_schema()["properties"]["domain"]["pattern"]
    )
    assert not published.search(domain)


@pytest.mark.parametrize("domain", ["Straße & Co.", " sales ", "St. Louis", "v1..2", "a=b, c"])
def test_other_domains_stay_what_they_were(client: Client, domain: str) -> None:
    assert client.post("/register_product", product_body(domain=domain)).status == 200
    assert client.get("/product/orders").body["domain"] == domain.strip()
    published = ProductRegistration.model_json_schema()["properties"]["domain"]["pattern"]
    assert re.search(published, domain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("sales=s3://lake/", {"sales": ("s3://lake/",)}),
        (
            " Sales = s3://lake/a/ ,*=s3://b.c/,SALES=domains/web/x=1/",
            {"sales": ("s3://lake/a/", "domains/web/x=1/"), "*": ("s3://b.c/",)},
        ),
        ("*=domains/", {"*": ("domains/",)}),
    ],
)
def test_the_setting_grants_locations_to_domains(
    text: str, expected: dict[str, tuple[str, ...]]
) -> None:
    settings = load_settings({"CATALOG_BUCKET": "catalog", "DATA_LOCATIONS": text})
    assert settings.data_locations == expected


@pytest.mark.parametrize(
    "text",
    [
        "lake",
        "s3://lake/",
        "sales",
        "sales=",
        "=s3://lake/",
        "sales=s3://lake",
        "sales=s3://lake/*/",
        "sales=s3://lake/../",
        "sales=audit/",
        "sales=arn:aws:s3:::lake",
    ],
)
def test_a_bad_grant_stops_the_function(text: str) -> None:
    with pytest.raises(Exception, match=r"^DATA_LOCATIONS: "):
        load_settings({"CATALOG_BUCKET": "catalog", "DATA_LOCATIONS": text})
