"""The files of a dataset with links to them: which, in what pages, and for whom."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datamesh.models import answer_size
from datamesh.models.downloads import DownloadPage
from datamesh.storage.objects import compute_etag
from tests import delta_tables
from tests.conftest import Serve
from tests.delta_tables import append_rows, collect_files
from tests.lambdas import Answer, Client, api_event
from tests.meshes import mesh, resources, store_product
from tests.tables import PATH, dataset

FILES_PATH = f"{PATH}/files"
SCHEMA = {"id": "integer", "day": "date"}
PORT = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["day"]}
STORED = {
    "sales/orders/day=2023-07-01/a.csv": b"id,secret\n1,x\n",
    "sales/orders/day=2023-07-02/b c.csv": b"id,secret\n2,y\n3,z\n",
    "sales/orders/day=__HIVE_DEFAULT_PARTITION__/c.csv": b"id,secret\n4,w\n",
    "sales/orders/day=2023-07-01/.a.csv.crc": b"hidden",
    "sales/orders/_temporary/0/day=2023-07-03/a.csv": b"id\n5\n",
    "sales/orders/README.md": b"stray",
}


def list_files(client: Client, **query: object) -> Answer:
    return client.send(api_event("GET", FILES_PATH, query=query))


@pytest.fixture
def client(serve: Serve) -> Client:
    return dataset(serve, STORED, SCHEMA, PORT)


def test_the_files_that_rows_are_read_from_are_listed_with_links(client: Client) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    answer = list_files(client)
    after = datetime.now(UTC)
    assert answer.status == 200, answer.body
    expires_at = datetime.fromisoformat(answer.body.pop("expires_at"))
    assert before <= expires_at - timedelta(seconds=300) <= after
    folder = "https://storage.example.com/domains/sales/orders/"
    assert answer.body == {
        "product": "orders",
        "location": "domains/sales/orders/",
        "format": "csv",
        "total_files": 3,
        "total_bytes": 14 + 18 + 14,
        "skipped_files": 1,
        "files": [
            {
                "name": "day=2023-07-01/a.csv",
                "size": 14,
                "etag": compute_etag(b"id,secret\n1,x\n"),
                "partitions": {"day": "2023-07-01"},
                "url": f"{folder}day%3D2023-07-01/a.csv?expires=300",
            },
            {
                "name": "day=2023-07-02/b c.csv",
                "size": 18,
                "etag": compute_etag(b"id,secret\n2,y\n3,z\n"),
                "partitions": {"day": "2023-07-02"},
                "url": f"{folder}day%3D2023-07-02/b%20c.csv?expires=300",
            },
            {
                "name": "day=__HIVE_DEFAULT_PARTITION__/c.csv",
                "size": 14,
                "etag": compute_etag(b"id,secret\n4,w\n"),
                "partitions": {"day": None},
                "url": f"{folder}day%3D__HIVE_DEFAULT_PARTITION__/c.csv?expires=300",
            },
        ],
        "next": None,
    }


def test_nobody_keeps_a_copy_of_links(client: Client) -> None:
    assert list_files(client).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_401_without_a_principal_even_with_a_key(client: Client, method: str) -> None:
    headers = {"authorization": "Bearer a-key"}
    event = api_event(method, FILES_PATH, principal=None, headers=headers)
    assert client.send(event).status == 401


def test_401_comes_before_anything_is_said_about_the_dataset(client: Client) -> None:
    event = api_event("GET", "/domains/sales/nothing/files", query={"a": 1}, principal=None)
    assert client.send(event).status == 401


def test_head_is_answered_without_the_body(client: Client) -> None:
    answer = client.send(api_event("HEAD", FILES_PATH))
    assert (answer.status, answer.content) == (200, b"")


def read_all(client: Client, limit: int) -> list[list[str]]:
    """The names of each page."""
    pages: list[list[str]] = []
    following: dict[str, object] = {}
    while True:
        answer = list_files(client, limit=limit, **following)
        assert answer.status == 200, answer.body
        pages.append([file["name"] for file in answer.body["files"]])
        assert answer.body["total_files"] == 3
        if answer.body["next"] is None:
            return pages
        following = {"cursor": answer.body["next"]}


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (1000, [3])])
def test_pages_have_each_file_once(client: Client, limit: int, sizes: list[int]) -> None:
    pages = read_all(client, limit)
    assert [len(page) for page in pages] == sizes
    assert [name for page in pages for name in page] == read_all(client, 3)[0]


def test_a_page_that_does_not_fit_into_an_answer_is_shorter_and_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "x-truncated" not in list_files(client, limit=2).headers
    monkeypatch.setattr(answer_size, "MAX_PAGE_BYTES", 300)
    answer = list_files(client)
    assert answer.headers["x-truncated"] == "true"
    assert [file["name"] for file in answer.body["files"]] == ["day=2023-07-01/a.csv"]
    rest = list_files(client, cursor=answer.body["next"])
    assert [file["name"] for file in rest.body["files"]] == ["day=2023-07-02/b c.csv"]


def test_a_cursor_is_refused_once_the_files_are_others(serve: Serve, client: Client) -> None:
    """Pages of two listings would repeat a file, or leave one out."""
    following = list_files(client, limit=1).body["next"]
    more = STORED | {"sales/orders/day=2023-06-30/z.csv": b"id\n9\n"}
    answer = list_files(dataset(serve, more, SCHEMA, PORT), cursor=following)
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "cursor",
            "location": "query",
            "message": "The cursor is of another listing: the dataset's files have changed since;"
            " begin again without one",
        }
    ]


@pytest.mark.parametrize("cursor", ["", "1", "x" * 32 + "-1", "0" * 32 + "-123456"])
def test_what_is_no_cursor_is_refused(client: Client, cursor: str) -> None:
    answer = list_files(client, cursor=cursor)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "cursor")


def test_a_dataset_without_files_has_none(serve: Serve) -> None:
    answer = list_files(dataset(serve, {}, SCHEMA, PORT))
    assert (answer.status, answer.body["files"], answer.body["next"]) == (200, [], None)
    assert answer.body["expires_at"] is None


def test_a_location_that_the_domain_may_not_have_is_refused(serve: Serve) -> None:
    registry = mesh()
    port = PORT | {"location": "domains/finance/transactions/"}
    store_product(registry, "orders", output_port=port)
    files = {"finance/transactions/day=2023-07-01/a.csv": b"id\n1\n"}
    answer = list_files(serve("domains", resources(registry, files)))
    assert answer.status == 424
    assert "domains/finance/transactions/" in answer.body["message"]


def test_404_of_a_dataset_that_no_product_serves(client: Client) -> None:
    event = api_event("GET", "/domains/sales/nothing/files")
    assert client.send(event).status == 404


def test_the_answer_is_as_documented(client: Client) -> None:
    DownloadPage.model_validate(list_files(client).body)


def test_as_of_of_a_folder_of_files_is_refused(client: Client) -> None:
    answer = list_files(client, as_of="2026-01-31T09:30:00Z")
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "as_of")


def test_of_a_delta_table_the_files_of_a_version_are_listed(serve: Serve, tmp_path: Path) -> None:
    append_rows(tmp_path, [1], "2023-07-01")
    append_rows(tmp_path, [2], "2023-07-02")
    append_rows(tmp_path, [3], "2023-07-03", mode="overwrite")
    files = collect_files(tmp_path)
    client = dataset(serve, files, delta_tables.SCHEMA, delta_tables.PORT)

    def list_days(**query: object) -> list[str]:
        body = list_files(client, **query).body
        assert (body["format"], {file["etag"] for file in body["files"]}) == ("parquet", {None})
        for file in body["files"]:
            assert file["size"] == len(files["sales/orders/" + file["name"]])
        return [file["partitions"]["day"] for file in body["files"]]

    assert list_days() == ["2023-07-03"]
    assert list_days(as_of="1970-01-02T00:00:00Z") == ["2023-07-01", "2023-07-02"]
    following = list_files(client, as_of="1970-01-02T00:00:00Z", limit=1).body["next"]
    assert list_days(as_of="1970-01-02T00:00:00Z", cursor=following) == ["2023-07-02"]
    assert list_files(client, cursor=following).status == 422
