"""Domain data on a real S3 server: ranges, pinned versions, long listings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datamesh.aws.observability import Observer
from datamesh.errors.storage import StorageUnavailable
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.settings import load_settings
from datamesh.wiring.composition import create_resources
from dev.storage.s3 import S3
from tests.contexts import NO_DEADLINE
from tests.delta_tables import append_rows, collect_files, open_table
from tests.lambdas import ENVIRONMENT, Client, api_event, import_app
from tests.meshes import product_body
from tests.tables import PATH, parquet

SCHEMA = {"id": "integer", "text": "string", "day": "date"}
LARGE = parquet(
    "SELECT i AS id, md5(i::VARCHAR) AS text FROM range(200000) t(i)", ", ROW_GROUP_SIZE 20480"
)


@pytest.fixture
def clients(
    s3: S3, environment: dict[str, str], imported_functions: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Client, Client]]:
    """Yield clients of the domains and of the products function, over the bucket."""
    namespace = "POWERTOOLS_METRICS_NAMESPACE"
    monkeypatch.setenv(namespace, ENVIRONMENT[namespace])
    environ = build_environment(s3)
    found = [
        Client(create_lambda_handler(import_app(area), environ)) for area in ("domains", "products")
    ]
    yield found[0], found[1]
    found[1].delete("/product/orders")


def build_environment(s3: S3) -> dict[str, str]:
    grants = f"sales=s3://{s3.bucket}/lake/"
    return ENVIRONMENT | {"CATALOG_BUCKET": s3.bucket, "DATA_LOCATIONS": grants}


def register(client: Client, location: str, form: str, *partitions: str) -> None:
    port = {"location": location, "format": form, "partitions": list(partitions)}
    answer = client.post("/register_product", product_body(schema=SCHEMA, output_port=port))
    assert answer.status == 200, answer.body


def put(s3: S3, key: str, body: bytes) -> None:
    s3.create_client().put_object(Bucket=s3.bucket, Key=key, Body=body)


def test_of_a_large_file_only_ranges_are_read(s3: S3, clients: tuple[Client, Client]) -> None:
    domains, products = clients
    register(products, "domains/sales/large/", "parquet")
    put(s3, "domains/sales/large/a.parquet", LARGE)
    for query, rows in (
        ({"id": "123456"}, 1),
        ({"columns": "id", "order_by": "-id"}, 100),
        ({"limit": 7}, 7),
    ):
        answer = domains.get(PATH, **query)
        assert (answer.status, len(answer.body)) == (200, rows)
        assert int(answer.headers["x-bytes-read"]) < len(LARGE) / 3
    assert domains.get(PATH, id="123456").body[0]["text"] == "e10adc3949ba59abbe56e057f20f883e"


def test_a_page_and_the_next_over_partitions(s3: S3, clients: tuple[Client, Client]) -> None:
    domains, products = clients
    register(products, "domains/sales/days/", "parquet", "day")
    for day in ("2023-07-01", "2023-07-02", "2023-07-03"):
        body = parquet(f"SELECT i AS id, '{day}' AS text FROM range(3) t(i)")
        put(s3, f"domains/sales/days/day={day}/a.parquet", body)
    first = domains.get(PATH, limit=4, day_gte="2023-07-02", columns="id,day")
    assert first.headers["x-files-read"] == "2"
    rest = domains.get(
        PATH, day_gte="2023-07-02", columns="id,day", cursor=first.headers["x-next-cursor"]
    )
    assert [(row["day"], row["id"]) for row in first.body + rest.body] == [
        (day, i) for day in ("2023-07-02", "2023-07-03") for i in range(3)
    ]


def test_a_cursor_of_one_instance_is_taken_by_others_and_after_a_deployment(
    s3: S3, clients: tuple[Client, Client]
) -> None:
    """The key lies in the bucket: whoever pages first creates it, and it is never replaced."""
    domains, products = clients
    register(products, "domains/sales/paged/", "csv")
    put(s3, "domains/sales/paged/a.csv", b"id,text\n1,a\n2,b\n")
    s3.create_client().delete_object(Bucket=s3.bucket, Key="cursors/key")
    settings = load_settings(build_environment(s3))
    instances = [create_resources(settings, Observer("INFO")) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda each: each.data.cursor_key.read(NO_DEADLINE), instances))
    assert len(keys) == 1
    first = domains.get(PATH, limit=1)
    again = Client(create_lambda_handler(import_app("domains"), build_environment(s3)))
    assert again.get(PATH, limit=1, cursor=first.headers["x-next-cursor"]).body[0]["id"] == 2


def test_a_listing_has_more_than_one_page(s3: S3, clients: tuple[Client, Client]) -> None:
    domains, products = clients
    register(products, "domains/sales/many/", "csv", "day")
    keys = [f"domains/sales/many/day=2023-07-01/{number:04}.csv" for number in range(1001)]
    with ThreadPoolExecutor(8) as pool:
        client = s3.create_client()
        list(
            pool.map(
                lambda key: client.put_object(
                    Bucket=s3.bucket, Key=key, Body=f"id,text\n{key[-8:-4]},x\n".encode()
                ),
                keys,
            )
        )
    data = import_app("domains").state.resources.data
    folder = data.open_folder("domains/sales/many/", NO_DEADLINE)
    assert [f"domains/sales/many/{file.name}" for file in folder.list_files()] == keys
    assert domains.get(PATH, limit=1).body == [{"id": 0, "text": "x", "day": "2023-07-01"}]


def test_another_location_is_read_where_a_prefix_allows_it(
    s3: S3, clients: tuple[Client, Client]
) -> None:
    domains, products = clients
    register(products, f"s3://{s3.bucket}/lake/", "jsonl")
    put(s3, "lake/a.jsonl", b'{"id": 9007199254740993}\n')
    assert domains.get(PATH, columns="id").body == [{"id": 9007199254740993}]


def test_a_file_that_is_replaced_is_not_mixed_with_itself(
    s3: S3, clients: tuple[Client, Client]
) -> None:
    domains, products = clients
    register(products, "domains/sales/changing/", "parquet")
    put(s3, "domains/sales/changing/a.parquet", LARGE)
    data = import_app("domains").state.resources.data
    folder = data.open_folder("domains/sales/changing/", NO_DEADLINE)
    [listed] = folder.list_files()
    assert folder.read_range(listed, 0, 4) == b"PAR1"
    put(s3, "domains/sales/changing/a.parquet", parquet("SELECT 1 AS id"))
    with pytest.raises(StorageUnavailable, match="was replaced while it was read"):
        folder.read_range(listed, 0, 4)
    assert domains.get(PATH).body == [{"id": 1, "text": None, "day": None}]


def test_a_check_is_recorded_once_for_its_key(s3: S3, clients: tuple[Client, Client]) -> None:
    domains, products = clients
    register(products, "domains/sales/checked/", "csv")
    put(s3, "domains/sales/checked/a.csv", b"id,text,day\n1,a,2023-07-01\n")
    headers = {"idempotency-key": "a-check"}
    event = api_event("POST", f"{PATH}/check", headers=headers)
    first, second = domains.send(event), domains.send(event)
    assert first.status == 200
    assert first.body == second.body
    quality = products.get("/product/orders").body["quality"]
    assert quality == first.body["data"]
    assert quality["status"] == "passed"


def test_a_delta_table_is_read_by_its_log(
    s3: S3, clients: tuple[Client, Client], tmp_path: Path
) -> None:
    domains, products = clients
    for version, day in enumerate(("2023-07-01", "2023-07-02", "2023-07-03")):
        append_rows(tmp_path / "t", [2 * version, 2 * version + 1], day)
    open_table(tmp_path / "t").create_checkpoint()
    open_table(tmp_path / "t").delete("id = 2")
    files = collect_files(tmp_path / "t")
    for name, body in files.items():
        put(s3, f"domains/sales/delta/{name.removeprefix('sales/orders/')}", body)
    register(products, "domains/sales/delta/", "delta")
    rows = domains.get(PATH, columns="id,day", order_by="id").body
    assert [(row["id"], row["day"][-1]) for row in rows] == [
        (0, "1"),
        (1, "1"),
        (3, "2"),
        (4, "3"),
        (5, "3"),
    ]
    past = domains.get(PATH, columns="id", order_by="id", as_of="1970-01-02T12:00:00Z").body
    assert [row["id"] for row in past] == [0, 1, 2, 3]
    [current] = [name for name in files if "day=2023-07-01" in name]
    key = f"domains/sales/delta/{current.removeprefix('sales/orders/')}"
    client = s3.create_client()
    client.put_object(Bucket=s3.bucket, Key=key, Body=files[current] + b"x")
    assert is_said_to_be_absent(domains, key)
    client.put_object(Bucket=s3.bucket, Key=key, Body=b"")
    assert is_said_to_be_absent(domains, key)
    client.delete_object(Bucket=s3.bucket, Key=key)
    assert is_said_to_be_absent(domains, key)


def is_said_to_be_absent(domains: Client, key: str) -> bool:
    answer = domains.get(PATH)
    return answer.status == 424 and f"{key} is not there" in answer.body["message"]
