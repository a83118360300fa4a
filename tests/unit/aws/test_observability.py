"""The logs and the metrics of functions."""

import json
import logging
import re
from typing import Any

import pytest

from datamesh.aws.observability import Observer
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import LostRace, MemoryObject
from datamesh.wiring.resources import Resources
from tests.contexts import NO_DEADLINE
from tests.events import run_event
from tests.lambdas import Client, LambdaContext, api_event, create_configured_client, import_app
from tests.meshes import NO_WAIT, NOON, event_pipeline, mesh, product_body, resources
from tests.template import list_resources, read_properties
from tests.unit.storage.faults import FaultyObject, conflict, request_is_lost, unreachable

type Lines = list[dict[str, Any]]


class Output:
    """The standard output of a function: a JSON document a line, as CloudWatch needs it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.text = ""

    def lines(self) -> Lines:
        self.text += self._capsys.readouterr().out
        return [json.loads(line) for line in self.text.splitlines()]

    def saying(self, message: str) -> Lines:
        return [line for line in self.lines() if line.get("message") == message]


@pytest.fixture
def output(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    imported_functions: None,
) -> Output:
    """Powertools keeps one logger per service for ever, bound to the standard output of the moment
    of its making: hence a service per test, made after the output is captured."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")
    package = logging.getLogger("datamesh")
    monkeypatch.setattr(package, "handlers", package.handlers)
    monkeypatch.setattr(package, "level", package.level)
    monkeypatch.setattr(package, "propagate", True)
    return Output(capsys)


def products_function(worked_on: Resources | None = None, *, level: str = "INFO") -> Client:
    return create_configured_client(
        import_app("products"), worked_on or resources(), LOG_LEVEL=level
    )


def write(principal: str | None = "key-7", **changes: Any) -> dict[str, Any]:
    return api_event(
        "PUT",
        "/product/orders",
        {"owner": "new", **changes},
        route="PUT /product/{name}",
        principal=principal,
        headers={"authorization": "Bearer hunter2", "cookie": "hunter2"},
    )


@pytest.mark.parametrize(
    ("event", "status"), [(write(), 404), (write(owner=""), 422), (write(principal=None), 401)]
)
def test_a_write_is_logged_with_its_principal_route_and_status(
    output: Output, event: dict[str, Any], status: int
) -> None:
    products_function().send(event)
    [line] = output.saying("write")
    principal = "key-7" if status != 401 else None
    assert (line.get("principal"), line["route"], line["path"], line["status"]) == (
        principal,
        "PUT /product/{name}",
        "/product/orders",
        status,
    )


def test_a_change_is_logged_with_what_it_changed_and_counted_by_its_kind(output: Output) -> None:
    client = products_function(resources(mesh()))
    client.post("/products/bulk", {"items": [product_body(name=name) for name in "ab"]})
    client.delete("/product/a")
    first, second = output.saying("write")
    assert first["commits"] == [
        {
            "document": "products.json",
            "revision": 1,
            "added": 2,
            "changed": 0,
            "removed": 0,
            "products": ["a", "b"],
        }
    ]
    assert (first["source_ip"], first["principal"]) == ("203.0.113.17", "key:key-1")
    assert second["commits"][0]["removed"] == 1
    counted = [line for line in output.lines() if "_aws" in line]
    assert [line.get("ProductsAdded") for line in counted] == [[2.0], None]
    assert [line.get("ProductsRemoved") for line in counted] == [None, [1.0]]


def test_a_read_is_not_logged(output: Output) -> None:
    products_function().get("/products")
    assert output.lines() == []


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_line_holds_the_authorization_header(output: Output, level: str) -> None:
    client = products_function(level=level)
    client.post("/register_product", product_body())
    for event in (write(), write(owner=""), write(principal=None)):
        client.send(event)
    assert len(output.saying("write")) == 4
    assert "hunter2" not in output.text


def test_a_line_carries_the_ids_of_the_request(output: Output) -> None:
    products_function().post("/register_product", product_body())
    [line] = output.saying("write")
    assert (line["correlation_id"], line["function_request_id"]) == (
        "gateway-request-1",
        "lambda-request-1",
    )
    assert line["service"] == "test_a_line_carries_the_ids_of_the_request"


def test_lines_below_the_level_are_left_out(output: Output) -> None:
    client = products_function(level="WARNING")
    assert client.post("/register_product", product_body()).status == 200
    assert output.saying("write") == []


class Contested(MemoryObject):
    """Loses two races before it takes a PUT."""

    losses = 2

    def put(self, body: bytes, replaces: str | None) -> str:
        if self.losses:
            self.losses -= 1
            raise LostRace
        return super().put(body, replaces)


def test_a_commit_counts_its_attempts_in_the_embedded_metric_format(output: Output) -> None:
    observer = Observer("DEBUG")
    document = Document(
        Contested("products.json"), ProductsFile, NO_WAIT, on_commit=observer.count_commit
    )

    def handler(event: object, context: object) -> None:
        document.commit(lambda file: (file.model_copy(), None), NO_DEADLINE)

    observer.wrap_handler(handler)({}, LambdaContext())
    [metric] = [line for line in output.lines() if "_aws" in line]
    [declared] = metric["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == "a-stack"
    assert declared["Dimensions"] == [[]]
    assert declared["Metrics"] == [{"Name": "CommitAttempts", "Unit": "Count"}]
    assert metric["CommitAttempts"] == [3.0]
    [line] = output.saying("committed")
    assert (line["document"], line["attempts"]) == ("products.json", 3)


@pytest.mark.parametrize(
    ("fault", "status", "metric"),
    [(conflict, 409, "Contended"), (request_is_lost, 503, "OutcomeUnknown")],
)
def test_a_write_that_gave_up_is_counted_under_the_name_that_an_alarm_watches(
    output: Output, fault: Any, status: int, metric: str
) -> None:
    stored = FaultyObject()
    stored.put_faults.extend([fault] * 3)
    if status == 503:
        stored.get_faults.extend([None, unreachable, unreachable, unreachable])
    client = products_function(resources(mesh(products=stored)))
    assert client.post("/register_product", product_body()).status == status
    [counted] = [line for line in output.lines() if "_aws" in line]
    [declared] = counted["_aws"]["CloudWatchMetrics"]
    assert (declared["Namespace"], counted[metric]) == ("a-stack", [1.0])
    watched = {
        name for alarm in list_resources("AWS::CloudWatch::Alarm") for name in names_in(alarm)
    }
    assert metric in watched


def test_events_that_are_not_derived_from_in_time_are_contention(output: Output) -> None:
    stored = FaultyObject()
    stored.put_faults.extend([conflict] * 3)
    client = create_configured_client(import_app("openlineage"), resources(mesh(products=stored)))
    assert client.post("/api/v1/lineage", run_event(["a"], ["b"])).status == 503
    [counted] = [line for line in output.lines() if "Contended" in line]
    assert counted["Contended"] == [1.0]


def test_datasets_that_are_skipped_are_counted_and_told(output: Output) -> None:
    closed = event_pipeline(policy=EventPolicy(auto_register=False))
    client = create_configured_client(import_app("openlineage"), resources(events=closed))
    assert client.post("/api/v1/lineage", run_event(["a"], ["b"])).status == 201
    [counted] = [line for line in output.lines() if "SkippedDatasets" in line]
    assert counted["SkippedDatasets"] == [2.0]
    [told] = output.saying("2 datasets are no product, such as 'a' of 'postgres://db:5432'")
    assert told["level"] == "WARNING"


def test_bad_parts_of_events_are_counted_and_told(output: Output) -> None:
    client = create_configured_client(import_app("openlineage"), resources(mesh()))
    assert client.post("/api/v1/lineage", run_event([7, "a"], [None])).status == 201
    [counted] = [line for line in output.lines() if "SkippedParts" in line]
    assert counted["SkippedParts"] == [2.0]
    [told] = output.saying("skipped parts of events")
    assert (told["level"], told["parts"]) == ("WARNING", ["inputs.0", "outputs.0"])


@pytest.mark.parametrize(("fullness", "counted"), [(49.9, None), (50.0, [50.0]), (81.5, [81.5])])
def test_how_full_a_document_is_is_counted_from_half_of_its_limit_on(
    output: Output, fullness: float, counted: list[float] | None
) -> None:
    observer = Observer("INFO")
    file = ProductsFile()
    commit = CompletedCommit("products.json", "c", 1, file, file, 1, fullness)
    observer.wrap_handler(lambda event, context: observer.count_commit(commit))({}, LambdaContext())
    [line] = [line for line in output.lines() if "_aws" in line]
    assert line.get("DocumentFullness") == counted


def names_in(alarm: str) -> list[str]:
    return re.findall(r"'MetricName': '(\w+)'", str(read_properties(alarm)))


def test_metrics_of_a_failing_request_are_not_kept_for_the_next(output: Output) -> None:
    observer = Observer("INFO")

    def fails(event: object, context: object) -> None:
        observer.count_commit(
            CompletedCommit("products.json", "c", 1, ProductsFile(), ProductsFile(), 1)
        )
        raise RuntimeError("after the commit")

    def does_nothing(event: object, context: object) -> None:
        pass

    with pytest.raises(RuntimeError):
        observer.wrap_handler(fails)({}, LambdaContext())
    assert len([line for line in output.lines() if "_aws" in line]) == 1
    observer.wrap_handler(does_nothing)({}, LambdaContext())
    assert len([line for line in output.lines() if "_aws" in line]) == 1


def test_an_unexpected_failure_is_answered_without_and_logged_with_its_trace(
    output: Output,
) -> None:
    def broken_clock() -> Any:
        raise ZeroDivisionError("hunter2")

    client = products_function(resources(mesh(now=broken_clock)))
    answer = client.post("/register_product", product_body())
    assert answer.status == 500
    assert answer.body == {
        "success": False,
        "message": "Unexpected failure; the log of the function has the details",
    }
    [line] = output.saying("POST /register_product failed")
    assert line["level"] == "ERROR"
    assert "ZeroDivisionError: hunter2" in line["exception"]
    assert "broken_clock" in line["exception"]
    assert line["correlation_id"] == "gateway-request-1"


def test_lines_of_the_package_are_not_repeated_by_the_root_logger(
    output: Output, caplog: pytest.LogCaptureFixture
) -> None:
    """Lambda's runtime has a handler of its own there."""
    corrupt = mesh(products=MemoryObject("products.json", b"garbage"))
    products_function(resources(corrupt)).get("/products")
    assert len(output.lines()) == 1
    assert "products.json" not in caplog.text


def test_an_error_of_the_mesh_is_logged_without_a_trace(output: Output) -> None:
    corrupt = mesh(products=MemoryObject("products.json", b"garbage"), now=lambda: NOON)
    assert products_function(resources(corrupt)).get("/products").status == 503
    [line] = output.lines()
    assert line["level"] == "ERROR"
    assert line["message"].startswith("GET /products: products.json cannot be read: ")
    assert "exception" not in line
