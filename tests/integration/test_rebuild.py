"""`make rebuild-lineage` on the real S3 server, and the stack's function that it invokes."""

import io
import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from datamesh.aws.observability import Observer
from datamesh.services.lineage.queries import list_visible_entries
from datamesh.settings import load_settings
from datamesh.wiring.composition import create_resources
from dev import rebuild
from dev.storage import seaweed
from tests.audit_trail import read_trail
from tests.contexts import CONTEXT
from tests.events import run_event, send

EVENTS = 5


@pytest.fixture
def data_dir(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The folder of a local run that took events, and whose lineage was lost."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    with seaweed.run_server(tmp_path / "data") as s3:
        s3.ensure_bucket()
        with monkeypatch.context() as patch:
            for name, value in s3.build_environment(s3.writer).items():
                patch.setenv(name, value)
            over = connected(s3.bucket)
            for number in range(EVENTS):
                send(
                    over.registry,
                    over.open_event_pipeline(),
                    run_event(["a"], [f"b{number}"], run=number),
                )
            assert len(list_visible_entries(CONTEXT, over.registry)) == EVENTS
        s3.create_client().delete_object(Bucket=s3.bucket, Key="lineage.json")
    return tmp_path / "data"


def connected(bucket: str) -> Any:
    return create_resources(load_settings({"CATALOG_BUCKET": bucket}), Observer("INFO"))


def test_the_lineage_of_a_local_run_is_rebuilt(
    data_dir: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ})  # a process of its own may keep its changes
    rebuild.main(["local"])
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{EVENTS} events make {EVENTS} lineage entries."
    )


class Lambda:
    """Answers as the function does, one result a call."""

    def __init__(self, *results: dict[str, Any]) -> None:
        self.results = [*results]
        self.asked: list[dict[str, Any]] = []

    def describe_stack_resource(self, **asked: Any) -> Any:
        assert asked == {"StackName": "a-stack", "LogicalResourceId": "OpenLineageRebuildFunction"}
        return {"StackResourceDetail": {"PhysicalResourceId": "the-function"}}

    def invoke(self, **asked: Any) -> Any:
        self.asked.append(asked)
        result = self.results.pop(0)
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in result else {}
        return {"Payload": io.BytesIO(json.dumps(result).encode()), **failed}


def test_the_function_is_invoked_until_it_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = Lambda(
        {"finished": 0, "events": 1000}, {"finished": 1, "events": 1500, "derived_entries": 7}
    )
    monkeypatch.setattr(boto3, "client", lambda kind, **options: stack)
    rebuild.main(["a-stack"])
    assert capsys.readouterr().out == (
        "1000 events read; going on.\n1500 events make 7 lineage entries.\n"
    )
    assert [(each["FunctionName"], each["Qualifier"]) for each in stack.asked] == [
        ("the-function", "live"),
        ("the-function", "live"),
    ]


def test_a_function_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Lambda({"errorMessage": "The registry is full", "errorType": "LimitReached"})
    monkeypatch.setattr(boto3, "client", lambda kind, **options: stack)
    with pytest.raises(SystemExit, match="was not rebuilt: The registry is full"):
        rebuild.main(["a-stack"])


def test_the_lineage_of_a_run_that_is_up_is_rebuilt(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ})
    with seaweed.run_server(data_dir) as s3:
        rebuild.main(["local"])
        assert f"make {EVENTS} lineage entries." in capsys.readouterr().out
        over = connected(s3.bucket)
        assert len(list_visible_entries(CONTEXT, over.registry)) == EVENTS
        [record] = read_trail(over.audit_journal, over.open_outcomes())
        assert (record.principal, record.route) == ("operator", "rebuild-lineage")
        assert (record.status, record.commits[-1].added) == (200, EVENTS)


def test_nothing_is_rebuilt_where_there_is_no_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))
    with pytest.raises(SystemExit, match="There is no registry in"):
        rebuild.main(["local"])
    assert list(tmp_path.iterdir()) == []
