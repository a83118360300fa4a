"""How much a query may read: less without a principal than with one."""

from collections.abc import Callable, Mapping

import pytest

from datamesh.aws.observability import Observer
from datamesh.services.context import RequestContext
from datamesh.services.permissions import Permissions
from datamesh.settings import load_settings
from datamesh.storage.backoff import Deadline
from datamesh.tables.budget import ScanBudget
from datamesh.wiring.composition import create_resources
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.tables import DAYS, ORDERS, PATH, PORT, dataset, partitioned_orders, rows_of

FILES = partitioned_orders()
TOTAL = sum(map(len, FILES.values()))
ADVICE = "; filter by a partition, or ask for fewer columns"
FULL_SCANS: list[tuple[str, Mapping[str, object]]] = [
    (PATH, {"order_by": "-amount", "limit": 1}),
    (PATH, {"amount_gte": "1", "limit": 1}),
    (PATH, {"columns": "order_id", "order_by": "order_id"}),
    (f"{PATH}/profile", {}),
]


def anonymous(**bounds: float) -> ScanBudget:
    given = {"max_bytes": 10**7, **bounds}
    return ScanBudget(**given, settings="ANONYMOUS_SCAN", caller="a query without a principal")  # type: ignore[arg-type]


def orders(serve: Serve, **bounds: float) -> Client:
    return dataset(serve, FILES, ORDERS, PORT, anonymous_budget=anonymous(**bounds))


def get_with_key(client: Client, path: str, query: Mapping[str, object]) -> Answer:
    return client.send(api_event("GET", path, query=query, principal="key:key-1"))


@pytest.mark.parametrize(("path", "query"), FULL_SCANS)
def test_without_a_principal_few_files_are_read(
    serve: Serve, path: str, query: Mapping[str, object]
) -> None:
    client = orders(serve, max_files=3)
    answer = client.get(path, **query)
    assert answer.status == 413
    assert answer.body["message"] == (
        "The query would read 4 files, more than the 3 (ANONYMOUS_SCAN_FILES)"
        " that a query without a principal may" + ADVICE
    )
    assert get_with_key(client, path, query).status == 200


@pytest.mark.parametrize(("path", "query"), FULL_SCANS)
def test_without_a_principal_few_bytes_are_read(
    serve: Serve, path: str, query: Mapping[str, object]
) -> None:
    client = orders(serve, max_bytes=TOTAL - 1)
    answer = client.get(path, **query)
    assert answer.status == 413
    assert answer.body["message"] == (
        f"The query would read {TOTAL} bytes of 4 files, more than the {TOTAL - 1}"
        " (ANONYMOUS_SCAN_BYTES) that a query without a principal may" + ADVICE
    )
    assert get_with_key(client, path, query).status == 200


def test_without_a_principal_little_time_is_taken(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Timer:
        """The time of an anonymous query is over at once, and that of others never."""

        daemon = False

        def __init__(self, seconds: float, end: Callable[[], None]) -> None:
            self.start = end if seconds == 0.5 else lambda: None

        def cancel(self) -> None: ...

    client = orders(serve, max_seconds=0.5)
    monkeypatch.setattr("threading.Timer", Timer)
    for path, query in FULL_SCANS:
        answer = client.get(path, **query)
        assert answer.status == 413
        assert answer.body["message"] == (
            "The query took too long, more than the 0.5 s (ANONYMOUS_SCAN_SECONDS)"
            " that a query without a principal may" + ADVICE
        )
        assert get_with_key(client, path, query).status == 200


def test_a_narrower_query_is_answered(serve: Serve) -> None:
    client = orders(serve, max_files=2)
    few = client.get(PATH, order_by="-amount", order_date_in=f"{DAYS[0]},{DAYS[1]}", limit=1)
    assert [row["order_id"] for row in few.body] == ["O7"]
    assert few.headers["x-files-read"] == "2"
    assert len(client.get(PATH, limit=7).body) == 7


def test_a_page_ends_at_the_bound_even_where_all_files_are_not_needed(serve: Serve) -> None:
    client = orders(serve, max_files=2)
    answer = client.get(PATH, limit=9)
    assert answer.status == 413
    assert "more than the 2 (ANONYMOUS_SCAN_FILES)" in answer.body["message"]


def test_files_that_were_read_before_the_page_was_full_count(serve: Serve) -> None:
    """Whatever the rows per file let expect, no third file is opened."""
    assert orders(serve, max_files=2).get(PATH, limit=12, order_date_gte=DAYS[1]).status == 413
    assert orders(serve, max_files=3).get(PATH, limit=12, order_date_gte=DAYS[1]).status == 200


def test_the_legacy_views_have_the_same_bounds(serve: Serve) -> None:
    client = orders(serve, max_files=2)
    assert client.get("/sales/orders", limit=9).status == 413
    assert len(client.get("/sales/orders", start_date=DAYS[2]).body) == 8


def test_every_format_has_the_same_bounds(serve: Serve) -> None:
    client = orders(serve, max_files=2)
    for query, status in (({"order_by": "amount"}, 413), ({"order_date": DAYS[0]}, 200)):
        headers = {"accept": "application/vnd.apache.parquet"}
        event = api_event("GET", PATH, query=query, principal="anonymous", headers=headers)
        answer = client.send(event)
        assert answer.status == status
    assert len(rows_of(answer.content)) == 4


def test_settings_say_how_much(imported_functions: None) -> None:
    environ = {"CATALOG_BUCKET": "catalog", "MAX_SCAN_BYTES": "5000000"}
    environ |= {"ANONYMOUS_SCAN_FILES": "7", "ANONYMOUS_SCAN_SECONDS": "3"}
    data = create_resources(load_settings(environ), Observer("INFO")).data

    def choose(principal: str | None) -> ScanBudget:
        deadline = Deadline.from_now(1)
        permissions = Permissions(principal)
        return data.choose_budget(RequestContext(principal, deadline, permissions, audit=None))

    assert choose("key:key-1") == ScanBudget(5_000_000, None, 15.0)
    assert choose(None) == anonymous(max_files=7, max_bytes=5_000_000, max_seconds=3.0)
    assert choose(None).max_bytes <= choose("key:key-1").max_bytes
