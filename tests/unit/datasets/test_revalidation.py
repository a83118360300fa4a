"""A 304 of domain data is decided by the listing of the files, before any of them is read."""

from collections.abc import Mapping

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.storage.folders import MemoryFolder, StoredFile
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_product
from tests.tables import DAYS, ORDERS, PATH, PORT, dataset, partitioned_orders

FILES = partitioned_orders()
NAMES = ("orders", "returns")
READS: list[tuple[str, Mapping[str, object]]] = [
    (PATH, {"order_by": "-amount"}),
    (PATH, {}),
    (f"{PATH}/profile", {}),
    ("/sales/orders", {}),
    ("/sales/orders", {"start_date": DAYS[1], "limit": 2}),
]


def get(client: Client, path: str, query: Mapping[str, object], known: str = "") -> Answer:
    headers = {"if-none-match": known} if known else {}
    return client.send(api_event("GET", path, query=query, principal="anonymous", headers=headers))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what was listed and read of storage, and the connections to DuckDB."""
    done: list[str] = []

    def count(name: str, target: object, attribute: str) -> None:
        original = getattr(target, attribute)

        def counted(*arguments: object, **more: object) -> object:
            done.append(name)
            return original(*arguments, **more)

        monkeypatch.setattr(target, attribute, counted)

    count("list", MemoryFolder, "list_files")
    count("read", MemoryFolder, "read_range")
    count("connect", __import__("duckdb"), "connect")
    return done


@pytest.mark.parametrize(("path", "query"), READS)
def test_a_current_copy_costs_one_listing(
    serve: Serve, work: list[str], path: str, query: Mapping[str, object]
) -> None:
    client = dataset(serve, FILES, ORDERS, PORT)
    first = get(client, path, query)
    assert first.status == 200
    assert {"list", "read", "connect"} == set(work)
    work.clear()
    for known in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = get(client, path, query, known)
        assert (again.status, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert work == ["list"]
        work.clear()


@pytest.mark.parametrize(("path", "query"), READS)
def test_another_file_content_schema_or_query_makes_another_version(
    serve: Serve, path: str, query: Mapping[str, object]
) -> None:
    known = get(dataset(serve, FILES, ORDERS, PORT), path, query).headers["etag"]
    last = f"sales/orders/order_date={DAYS[-1]}/part-0.parquet"
    changed = [
        (FILES | {last: FILES[next(iter(FILES))]}, ORDERS),
        ({name: body for name, body in FILES.items() if name != last}, ORDERS),
        (FILES | {last.replace("part-0", "part-1"): FILES[last]}, ORDERS),
        (FILES, {name: kind for name, kind in ORDERS.items() if name != "status"}),
        (FILES, ORDERS | {"quantity": "bigint"}),
    ]
    for files, schema in changed:
        answer = get(dataset(serve, files, schema, PORT), path, query, known)
        assert answer.status == 200
        assert answer.headers["etag"] != known
    client = dataset(serve, FILES, ORDERS, PORT)
    tags = {get(client, path, query).headers["etag"] for path, query in READS}
    assert len(tags) == len(READS)


def test_the_profile_of_another_product_over_the_same_files_is_another(
    serve: Serve, registry: Registry
) -> None:
    client = dataset(serve, FILES, ORDERS, PORT, registry=registry)
    add_product(registry, "returns", schema=ORDERS, output_port=PORT)
    tags = {client.get(f"/domains/sales/{name}/profile").headers["etag"] for name in NAMES}
    assert len(tags) == 2


def test_a_view_without_rows_is_304_too(serve: Serve, work: list[str]) -> None:
    client = dataset(serve, FILES, {"quantity": "integer"}, PORT | {"partitions": []})
    first = get(client, "/sales/orders", {"start_date": DAYS[0]})
    assert first.body == []
    work.clear()
    query = {"start_date": DAYS[0]}
    assert get(client, "/sales/orders", query, first.headers["etag"]).status == 304
    assert work == ["list"]


def test_a_listing_tells_sizes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files of one ETag and other sizes are other files."""
    client = dataset(serve, FILES, ORDERS, PORT)
    known = client.get(f"{PATH}/profile").headers["etag"]
    listed = MemoryFolder.list_files

    def grown(folder: MemoryFolder) -> list[StoredFile]:
        return [StoredFile(each.name, each.size + 1, each.etag) for each in listed(folder)]

    monkeypatch.setattr(MemoryFolder, "list_files", grown)
    assert get(client, f"{PATH}/profile", {}, known).status != 304
