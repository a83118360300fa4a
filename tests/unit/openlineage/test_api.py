"""The two POSTs through the function's handler: statuses, encodings, bombs, batches."""

import gzip
import json
import zlib
from typing import Any

import pytest

from datamesh.http.event_body import MAX_BYTES, decompress_body
from datamesh.models.openlineage import MAX_EVENTS
from datamesh.services.openlineage.statements import MAX_DATASETS
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.events import dataset, run_event
from tests.lambdas import Answer, api_event, assert_problem
from tests.meshes import Bucket, add_product, event_pipeline, mesh, resources
from tests.unit.openlineage.graphs import edges
from tests.unit.storage.faults import FaultyObject, conflict, reply_is_lost, request_is_lost

PATH, BATCH = "/api/v1/lineage", "/api/v1/lineage/batch"
GZIP = {"content-encoding": "gzip"}


def post(serve: Serve, body: Any, path: str = PATH, over: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return serve("openlineage", over).send(api_event("POST", path, body, headers=named))


# one event


def test_201_an_event_and_nothing_else(serve: Serve, registry: Registry) -> None:
    answer = post(serve, run_event(["a"], ["b"]), over=resources(registry))
    assert (answer.status, answer.content) == (201, b"")
    assert edges(registry) == {("a", "b")}


def test_201_an_event_with_bad_parts_tells_what_was_not_read(
    serve: Serve, registry: Registry
) -> None:
    event = run_event([dataset("a"), 7], [dataset(""), dataset("b", facets="x")])
    answer = post(serve, event, over=resources(registry))
    assert answer.status == 201
    assert answer.headers["x-skipped-parts"] == "3; inputs.1, outputs.0, outputs.1.facets"
    assert edges(registry) == {("a", "b")}
    whole = post(serve, run_event(["a"], ["b"]), over=resources(registry))
    assert "x-skipped-parts" not in whole.headers


def test_200_a_batch_tells_the_places_that_were_not_read(serve: Serve, registry: Registry) -> None:
    events = [run_event(["a"]), run_event([], [dataset("")] * 25), {}]
    answer = post(serve, events, BATCH, resources(registry))
    places = ", ".join(f"1.outputs.{number}" for number in range(20))
    assert answer.headers["x-skipped-parts"] == f"25; {places}"
    assert answer.body["summary"]["successful"] == 2


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_201_a_compressed_event(encoding: str, serve: Serve, registry: Registry) -> None:
    body = gzip.compress(json.dumps(run_event(["a"], ["b"])).encode(), mtime=0)
    answer = post(serve, body, over=resources(registry), content_encoding=encoding)
    assert answer.status == 201
    assert edges(registry) == {("a", "b")}


def test_201_a_large_and_deep_event(serve: Serve) -> None:
    plan: Any = [{"class": f"node{n}", "output": list(range(20))} for n in range(20_000)]
    for _ in range(150):
        plan = [plan]
    event = run_event(["a"], ["b"])
    event["run"]["facets"] = {"spark.logicalPlan": {"plan": plan}}
    body = json.dumps(event).encode()
    assert len(body) > 2_000_000
    assert post(serve, body, content_type="application/json").status == 201


def test_201_the_same_event_twice_changes_nothing(serve: Serve, registry: Registry) -> None:
    bucket = Bucket()
    over = resources(registry, events=event_pipeline(bucket))
    found = []
    for _ in range(2):
        assert post(serve, run_event(["a"], ["b"]), over=over).status == 201
        found.append({key: stored.get() for key, stored in bucket.items()})
    assert found[0] == found[1]
    assert len(found[0]) == 3  # the event, its run and its job
    assert (
        registry.products.read_latest(NO_DEADLINE).revision,
        registry.lineage.read_latest(NO_DEADLINE).revision,
    ) == (
        1,
        1,
    )


def test_201_a_key_may_be_used_again(serve: Serve, registry: Registry) -> None:
    over = resources(registry)
    for _ in range(2):
        answer = post(serve, run_event(["a"], ["b"]), over=over, idempotency_key="k")
        assert (answer.status, answer.content) == (201, b"")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON: EOF while parsing a value at line 1 column 0"),
        (b"{", "The body is not JSON: EOF while parsing an object at line 1 column 1"),
        (b"\xff", "The body is not JSON: expected value at line 1 column 1"),
        (b'{"a": NaN}', "The body is not JSON: expected value at line 1 column 7"),
    ],
)
def test_400_what_is_not_json(serve: Serve, body: bytes, message: str) -> None:
    assert_problem(post(serve, body), 400, message)


def test_400_a_bomb_of_brackets(serve: Serve) -> None:
    assert post(serve, b"[" * 1_000_000).status == 400


def test_400_names_every_field(serve: Serve) -> None:
    answer = post(serve, {"run": {"runId": ""}, "job": {"namespace": "n", "name": "j"}})
    assert answer.status == 400
    assert answer.body["message"].startswith("Not an OpenLineage event: eventTime: Field required;")
    assert [problem["field"] for problem in answer.body["errors"]] == [
        "eventTime",
        "producer",
        "run.runId",
    ]


def test_400_what_is_no_event_at_all(serve: Serve) -> None:
    answer = post(serve, [run_event()])
    assert answer.body == {
        "success": False,
        "message": "Not an OpenLineage event: an event is a JSON object",
        "errors": [{"field": "body", "location": "body", "message": "an event is a JSON object"}],
    }


def test_a_body_that_was_decompressed_on_the_way_is_taken(serve: Serve) -> None:
    body = json.dumps(run_event()).encode()
    assert post(serve, body, content_encoding="gzip").status == 201


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (gzip.compress(b"{}" * 100, mtime=0)[:-9], "gzip", "The body is not gzip: it breaks off"),
        (b"\x1f\x8bno", "gzip", "The body is not gzip: Error -3 while decompressing data"),
        (b"", "gzip", "The body is not JSON: EOF"),
        (gzip.compress(b" ", mtime=0) * 17, "gzip", "The body is gzip of more than 16 members"),
        (b"{}", "br", "Content-Encoding is 'br', not gzip"),
    ],
)
def test_400_what_is_not_gzip(serve: Serve, body: bytes, encoding: str, message: str) -> None:
    answer = post(serve, body, content_encoding=encoding)
    assert answer.status == 400
    assert answer.body["message"].startswith(message)


@pytest.mark.parametrize("path", [PATH, BATCH])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b" " * (MAX_BYTES + 1), {}),
        (gzip.compress(b" " * (MAX_BYTES + 1), mtime=0), GZIP),
        (gzip.compress(b" " * 500_000_000, 9, mtime=0), GZIP),
        (gzip.compress(b" " * (MAX_BYTES // 2 + 1), mtime=0) * 2, GZIP),
    ],
    ids=["plain", "gzip", "bomb", "members"],
)
def test_413_too_much_is_never_told_to_come_again(
    serve: Serve, path: str, body: bytes, headers: dict[str, str]
) -> None:
    answer = serve("openlineage").send(api_event("POST", path, body, headers=headers))
    message = f"The body is larger than {MAX_BYTES} bytes, or what it decompresses to is"
    assert_problem(answer, 413, message)
    assert "retry-after" not in answer.headers


def test_no_more_is_decompressed_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Watched:
        def __init__(self, wbits: int) -> None:
            self._real = real(wbits)

        def decompress(self, data: bytes, limit: int) -> bytes:
            asked.append(limit)
            return self._real.decompress(data, limit)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    real = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Watched)
    assert (
        decompress_body(gzip.compress(b"abc", mtime=0) + gzip.compress(b"def", mtime=0), 6)
        == b"abcdef"
    )
    assert asked == [7, 4]


def test_429_comes_with_a_time_to_come_again_and_the_event_is_kept(serve: Serve) -> None:
    into = event_pipeline()
    over = resources(mesh(max_products=1), events=into)
    answer = post(serve, run_event(["a"], ["b"]), over=over)
    assert_problem(answer, 429, "The registry is full: MAX_PRODUCTS is 1")
    assert answer.headers["retry-after"] == "2"
    assert len([*into.log.iterate_pages(NO_DEADLINE)]) == 1


def test_503_when_too_many_writers_compete_so_that_clients_send_it_again(serve: Serve) -> None:
    """A 409 would be the end of it for them."""
    contended = FaultyObject()
    contended.put_faults.extend([conflict] * 10)
    answer = post(serve, run_event(["a"], ["b"]), over=resources(mesh(products=contended)))
    assert_problem(
        answer,
        503,
        "The event is kept; what follows from it is not written yet: send it again",
    )


@pytest.mark.parametrize("fault", [request_is_lost, reply_is_lost])
def test_503_an_unknown_outcome_is_mended_by_sending_it_again(serve: Serve, fault: Any) -> None:
    stored = FaultyObject()
    stored.put_faults.extend([fault] * 3)
    registry = mesh(lineage=stored)
    over = resources(registry)
    first = post(serve, run_event(["a"], ["b"]), over=over)
    assert first.status == (201 if fault is reply_is_lost else 503)
    assert post(serve, run_event(["a"], ["b"]), over=over).status == 201
    assert edges(registry) == {("a", "b")}
    assert registry.lineage.read(NO_DEADLINE).revision == 1


# batches


def test_200_a_batch_reports_what_is_no_event(serve: Serve, registry: Registry) -> None:
    body = [run_event(["a"]), {"eventType": "START"}, run_event([], ["b"]), 7]
    answer = post(serve, body, BATCH, resources(registry))
    assert answer.status == 200
    assert answer.body == {
        "status": "partial_success",
        "summary": {
            "received": 4,
            "successful": 2,
            "failed": 2,
            "retriable": 0,
            "non_retriable": 2,
        },
        "failed_events": [
            {
                "index": 1,
                "reason": "Not an OpenLineage event: run: Field required, or job or dataset in its "
                "place",
                "retriable": False,
            },
            {
                "index": 3,
                "reason": "Not an OpenLineage event: an event is a JSON object",
                "retriable": False,
            },
        ],
    }
    assert edges(registry) == {("a", "b")}
    assert (
        registry.products.read(NO_DEADLINE).revision,
        registry.lineage.read(NO_DEADLINE).revision,
    ) == (1, 1)


@pytest.mark.parametrize(
    ("body", "status"), [([], "success"), ([run_event()], "success"), ([{}], "partial_success")]
)
def test_200_a_batch_of_any_length(serve: Serve, body: Any, status: str) -> None:
    answer = post(serve, body, BATCH)
    assert (answer.status, answer.body["status"]) == (200, status)
    assert answer.body["summary"]["received"] == len(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"events": []}, "a batch is a JSON array of events"),
        (
            [{}] * (MAX_EVENTS + 1),
            f"a batch has at most {MAX_EVENTS} events, this one {MAX_EVENTS + 1}",
        ),
    ],
)
def test_400_what_is_no_batch(serve: Serve, body: Any, message: str) -> None:
    answer = post(serve, body, BATCH)
    assert (answer.status, answer.body["message"]) == (400, f"Not an OpenLineage event: {message}")


def test_a_full_batch_is_one_commit_each(serve: Serve, registry: Registry) -> None:
    body = [run_event([f"i{n}"], [f"o{n}"], run=n) for n in range(MAX_EVENTS)]
    answer = post(serve, body, BATCH, resources(registry))
    assert answer.body["summary"]["successful"] == MAX_EVENTS
    assert len(edges(registry)) == MAX_EVENTS
    assert (
        registry.products.read(NO_DEADLINE).revision,
        registry.lineage.read(NO_DEADLINE).revision,
    ) == (1, 1)


# aliases that people give


def test_a_dataset_is_one_product_at_most(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders", openlineage=[dataset("o")])
    client = serve("products", resources(registry))
    message = "The dataset 'o' of 'postgres://db:5432' is product 'orders' already"
    other = {
        "name": "other",
        "domain": "d",
        "owner": "o",
        "description": "d",
        "schema": {"a": "b"},
        "openlineage": [dataset("free"), dataset("o")],
    }
    assert_problem(client.post("/register_product", other), 409, message)
    bulk = client.post(
        "/products/bulk", {"items": [{**other, "openlineage": []}, other | {"name": "x"}]}
    )
    assert bulk.status == 422
    assert bulk.body["errors"] == [
        {"field": "items.1.openlineage", "location": "body", "message": message}
    ]
    assert client.post("/register_product", {**other, "openlineage": []}).status == 200
    assert_problem(client.put("/product/other", {"openlineage": [dataset("o")]}), 409, message)
    again = client.put("/product/orders", {"openlineage": [dataset("o"), dataset("o")]})
    assert again.body["data"]["openlineage"] == [dataset("o")]


def test_two_items_of_a_bulk_cannot_share_a_dataset(serve: Serve, registry: Registry) -> None:
    item = {
        "domain": "d",
        "owner": "o",
        "description": "d",
        "schema": {"a": "b"},
        "openlineage": [dataset("o")],
    }
    body = {"items": [{**item, "name": "a"}, {**item, "name": "b"}]}
    client = serve("products", resources(registry))
    answer = client.send(api_event("POST", "/products/bulk", body, query={"partial": "true"}))
    assert [each["status"] for each in answer.body["data"]["items"]] == ["registered", "refused"]


# events that are too large


MANY = [f"d{n}" for n in range(MAX_DATASETS + 1)]


@pytest.mark.parametrize(
    ("inputs", "outputs", "field", "message"),
    [
        ([], MANY, "outputs", "outputs: an event has at most 1000 outputs, this one 1001"),
        (MANY, ["b"], "inputs", "inputs: an event has at most 1000 inputs, this one 1001"),
        (["a"] * 1001, ["b"], "inputs", "inputs: an event has at most 1000 inputs, this one 1001"),
        (
            MANY[:11],
            MANY[:10],
            "outputs",
            "outputs: an event has at most MAX_LINEAGE_ENTRIES = 100 pairs of inputs and outputs,"
            " this one 110",
        ),
    ],
)
def test_422_an_event_that_is_too_large_is_not_stored(
    serve: Serve, inputs: list[str], outputs: list[str], field: str, message: str
) -> None:
    bucket, registry = Bucket(), mesh(max_lineage_entries=100)
    over = resources(registry, events=event_pipeline(bucket))
    answer = post(serve, run_event(inputs, outputs), over=over)
    assert answer.status == 422
    assert "retry-after" not in answer.headers
    assert answer.body["message"] == message
    assert [each["field"] for each in answer.body["errors"]] == [field]
    assert bucket == {}
    assert registry.products.read_latest(NO_DEADLINE).products == {}


def test_a_batch_reports_an_event_that_is_too_large_and_takes_the_others(
    serve: Serve, registry: Registry
) -> None:
    bucket = Bucket()
    over = resources(registry, events=event_pipeline(bucket))
    batch = [run_event([], MANY, run=1), run_event(["a"], ["b"], run=2)]
    answer = post(serve, batch, BATCH, over)
    assert (answer.status, answer.body["status"]) == (200, "partial_success")
    [failed] = answer.body["failed_events"]
    assert (failed["index"], failed["retriable"]) == (0, False)
    assert failed["reason"] == "outputs: an event has at most 1000 outputs, this one 1001"
    assert edges(registry) == {("a", "b")}
    assert len(bucket) == 3  # the other event, its run and its job


def test_201_as_many_datasets_as_an_event_may_have(serve: Serve, registry: Registry) -> None:
    registry = mesh(max_products=2000)
    event = run_event(MANY[:1000], ["b"])
    assert post(serve, event, over=resources(registry)).status == 201
    assert len(registry.lineage.read_latest(NO_DEADLINE).lineage) == 1000
