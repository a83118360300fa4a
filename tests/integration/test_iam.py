"""Each function's policy covers exactly the calls that it makes.

Every sample event runs over moto, which allows anything, while the calls are recorded; the policy
of `template.yaml` must then grant what each call needs on AWS, and nothing that no call needs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

import pytest
from botocore import handlers

from datamesh.aws.event_queue import SqsEventQueue
from datamesh.models.values import utc_now
from datamesh.storage.event_log import EVENTS_PREFIX
from datamesh.storage.s3.client import S3Client, S3Error, S3Request
from datamesh.storage.s3.connections import S3Response
from dev.template.intrinsics import Resolver, Yaml, read_map, read_strings
from tests import moto_server
from tests.deployed import EVENTS, Deployment, find_queue_arn
from tests.lambdas import LambdaContext
from tests.template import list_resources, list_statements

FUNCTIONS = sorted(list_resources("AWS::Serverless::Function"))
BY_LAMBDA = {"WriteLog", "KeepFailures", "TakeEvents"}
"""The rights that Lambda uses with the role, beside the function's own calls."""
BY_CHANGES = {"KeepVersions"}
"""The needs of commits that change the content of a product, whichever function makes them.

The sample events of some functions change none."""
PAST = "2026-01-31T09%3A30%3A00Z"
"""The moment that the sample events ask for."""
WITHOUT_RIGHTS = "PortalFunction"
"""A function that calls nothing."""
DATA_PRODUCT = {
    "apiVersion": "v1.1.0",
    "kind": "DataProduct",
    "id": "urn:dataproduct:shipping",
    "name": "Shipping",
    "version": "2.1.0",
    "status": "active",
    "domain": "sales",
    "inputPorts": [{"name": "orders", "version": "1.0.0", "contractId": "orders"}],
    "outputPorts": [{"name": "shipments", "version": "1.3.0"}],
    "team": {"name": "shipping"},
}
"""A data product that has lineage from a product of the filled bucket."""


@dataclass(frozen=True)
class Need:
    """An action on a resource; `prefix` is what a listing asks for."""

    action: str
    resource: str
    prefix: str | None = None


@dataclass(frozen=True)
class Grant:
    """A statement's right to one action on one (pattern of) resource, for some prefixes or all."""

    action: str
    resource: str
    prefixes: tuple[str, ...] = ()

    def covers(self, need: Need) -> bool:
        if self.action != need.action or not fnmatchcase(need.resource, self.resource):
            return False
        if not self.prefixes:
            return True
        return any(fnmatchcase(need.prefix or "", prefix) for prefix in self.prefixes)


def needs_of_storage(request: S3Request, status: int) -> list[Need]:
    """Return what AWS asks of the caller's role (the S3 User Guide's table of required
    permissions)."""
    bucket = f"arn:aws:s3:::{request.bucket}"
    if request.operation == "ListObjectsV2":
        return [Need("s3:ListBucket", bucket, request.query["prefix"])]
    if request.operation == "ListObjectVersions":
        return [Need("s3:ListBucketVersions", bucket, request.query["prefix"])]
    if request.operation == "DeleteObjectVersion":
        return [Need("s3:DeleteObjectVersion", f"{bucket}/{request.key}")]
    if "versionId" in request.query:
        return [Need("s3:GetObjectVersion", f"{bucket}/{request.key}")]
    found = Need("s3:GetObject", f"{bucket}/{request.key}")
    if request.operation == "GetObject":
        # Who may not list the bucket is not told that there is no such key.
        return [found, Need("s3:ListBucket", bucket)] if status == 404 else [found]
    assert request.operation == "PutObject", request
    conditional = {"if-match", "if-none-match"} & {*request.headers}
    assert conditional, f"PUT {request.key} is not conditional"
    return [found, Need("s3:PutObject", found.resource)]


def needs_elsewhere(operation: str, parameters: Mapping[str, Any]) -> Need:
    if operation == "GetSecretValue":
        return Need("secretsmanager:GetSecretValue", parameters["SecretId"])
    if operation in ("SendMessageBatch", "GetQueueAttributes"):
        # A batch asks for the right to send one message.
        action = operation.removesuffix("Batch")
        return Need(f"sqs:{action}", find_queue_arn(parameters["QueueUrl"]))
    assert operation == "GetMetricData", operation
    return Need("cloudwatch:GetMetricData", "*")


def granted(function: str, arns: Resolver, *left_out: str) -> list[Grant]:
    found = [read_map(arns.resolve(statement), function) for statement in list_statements(function)]
    return [
        Grant(action, resource, prefixes_of(statement))
        for statement in found
        if statement["Sid"] not in {*BY_LAMBDA, *left_out}
        for action in read_strings(statement["Action"])
        for resource in read_strings(statement["Resource"])
    ]


def prefixes_of(statement: dict[str, Yaml]) -> tuple[str, ...]:
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert statement["Effect"] == "Allow"
    if "Condition" not in statement:
        return ()
    [(operator, keys)] = read_map(statement["Condition"], "Condition").items()
    [(key, patterns)] = read_map(keys, operator).items()
    assert (operator, key) == ("StringLike", "s3:prefix")
    return tuple(read_strings(patterns))


class Recorder:
    """Notes what calls need while it listens: our own clients' to S3 and SQS, and the SDK's."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.needs: set[Need] = set()
        self.listening = False
        mine = [("before-parameter-build", self._before)]
        patch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, *mine])
        send = S3Client.send

        def recorded(client: S3Client, request: S3Request) -> S3Response:
            status = 200
            try:
                return send(client, request)
            except S3Error as error:
                status = error.status
                raise
            finally:
                if self.listening:
                    self.needs.update(needs_of_storage(request, status))

        patch.setattr(S3Client, "send", recorded)
        call = SqsEventQueue._call_once

        def called(queue: SqsEventQueue, action: str, url: str, body: bytes) -> dict[str, Any]:
            if self.listening:
                self.needs.add(needs_elsewhere(action, json.loads(body)))
            return call(queue, action, url, body)

        patch.setattr(SqsEventQueue, "_call_once", called)

    def _before(self, params: dict[str, Any], model: Any, **_: object) -> None:
        if self.listening:
            self.needs.add(needs_elsewhere(model.name, params))


def run_all_events(stack: Deployment, recorder: Recorder) -> dict[str, set[Need]]:
    """Function -> what all of its events need, on an empty bucket, on a filled one, and of others.

    Those are callers whose grants the registry has, while a product is private.
    """
    found: dict[str, set[Need]] = {name: set() for name in FUNCTIONS}
    for event in EVENTS.values():
        function = stack.function_of(event)
        for prepare in (stack.empty, stack.fill):
            prepare()
            handler = stack.start(function)
            recorder.needs, recorder.listening = found[function], True
            handler(event, LambdaContext())
            recorder.listening = False
        if "routeKey" in event and "requestContext" in event:
            stack.fill()
            stack.hide_product()
            recorder.listening = True
            stack.start(function)(send_by_other(event), LambdaContext())
            recorder.listening = False
    for event in list_more_events(stack):
        function = stack.function_of(event)
        recorder.needs, recorder.listening = found[function], True
        answer = stack.start(function)(event, LambdaContext())
        recorder.listening = False
        assert answer.get("statusCode", 200) == 200, answer
        assert not answer.get("batchItemFailures"), answer
    return found


def list_more_events(stack: Deployment) -> Iterator[dict[str, Any]]:
    """Fill the bucket for each of the events, whose parts the samples have not.

    Those are input ports of a data product; messages that only name the event that is kept, as of
    large ones and one that a sender is known of, and a message that names none."""
    stack.fill()
    # The past of the samples is in the archive; that of now is in versions.
    for event in EVENTS.values():
        query = event.get("rawQueryString", "")
        if PAST in query:
            yield {**event, "rawQueryString": query.replace(PAST, quote(utc_now().isoformat()))}
    yield {**EVENTS["changes"], "rawQueryString": "after=oldest"}
    yield {**EVENTS["register_contract"], "body": json.dumps(DATA_PRODUCT)}
    stack.fill()
    sent = EVENTS["openlineage_event"]
    assert stack.start(stack.function_of(sent))(sent, LambdaContext())["statusCode"] == 201
    [record] = EVENTS["derive_events"]["Records"]
    names = [key.removeprefix(EVENTS_PREFIX) for key in stack.list_keys(EVENTS_PREFIX)]
    bodies = [*(json.dumps({"name": name}) for name in names), "{}"]
    yield {
        "Records": [
            {**record, "messageId": str(number), "body": body} for number, body in enumerate(bodies)
        ]
    }


def send_by_other(event: dict[str, Any]) -> dict[str, Any]:
    """Return the request as one of a key that has no grants but those of the registry."""
    caller = {"lambda": {"principal": "key:other", "grants": "[]"}}
    return {**event, "requestContext": {**event["requestContext"], "authorizer": caller}}


@pytest.fixture(scope="module")
def runs() -> Iterator[tuple[dict[str, set[Need]], Resolver]]:
    with moto_server.running() as patch:
        recorder = Recorder(patch)
        stack = Deployment(queued=True)
        yield run_all_events(stack, recorder), stack.arns()


type Runs = tuple[dict[str, set[Need]], Resolver]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_is_granted(runs: Runs, function: str) -> None:
    needed, arns = runs
    grants = granted(function, arns)
    assert needed[function] or function == WITHOUT_RIGHTS
    assert [n for n in needed[function] if not any(grant.covers(n) for grant in grants)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_grant_is_needed(runs: Runs, function: str) -> None:
    needed, arns = runs
    is_changing = any("/versions/" in need.resource for need in needed[function])
    # Copies of purged versions are there once a text was redacted (`test_redactions`).
    found = granted(function, arns, *([] if is_changing else BY_CHANGES))
    elsewhere = {"/redacted/"}
    if function == "AuditFunction":
        elsewhere.add("/history/")  # it is asked for once the archive is a day behind
    grants = [each for each in found if not any(part in each.resource for part in elsewhere)]
    assert [g for g in grants if not any(g.covers(need) for need in needed[function])] == []
