"""Each function's policy covers exactly the calls that it makes.

Every sample event runs over moto, which allows anything, while the calls are recorded; the policy
of `template.yaml` must then grant what each call needs on AWS, and nothing that no call needs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore import handlers
from moto import mock_aws

from dev.intrinsics import Resolver, Yaml, mapping, strings
from tests.deployed import EVENTS, Deployment
from tests.lambdas import Context
from tests.template import of_type, statements

FUNCTIONS = sorted(of_type("AWS::Serverless::Function"))
BY_LAMBDA = {"WriteLog", "KeepFailures"}
"""What Lambda does with the role, beside the function's own calls."""


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


def needs(operation: str, parameters: Mapping[str, Any], status: int) -> list[Need]:
    """What AWS asks of the caller's role (the S3 User Guide's table of required permissions)."""
    if operation == "GetSecretValue":
        return [Need("secretsmanager:GetSecretValue", parameters["SecretId"])]
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    if operation == "ListObjectsV2":
        return [Need("s3:ListBucket", bucket, parameters["Prefix"])]
    if operation == "ListObjectVersions":
        return [Need("s3:ListBucketVersions", bucket, parameters["Prefix"])]
    if "VersionId" in parameters:
        return [Need("s3:GetObjectVersion", f"{bucket}/{parameters['Key']}")]
    found = Need("s3:GetObject", f"{bucket}/{parameters['Key']}")
    if operation == "GetObject":
        # Who may not list the bucket is not told that there is no such key.
        return [found, Need("s3:ListBucket", bucket)] if status == 404 else [found]
    assert operation == "PutObject", operation
    assert "IfMatch" in parameters or "IfNoneMatch" in parameters
    return [found, Need("s3:PutObject", found.resource)]


def granted(function: str, arns: Resolver) -> list[Grant]:
    found = [mapping(arns.resolve(statement), function) for statement in statements(function)]
    return [
        Grant(action, resource, prefixes_of(statement))
        for statement in found
        if statement["Sid"] not in BY_LAMBDA
        for action in strings(statement["Action"])
        for resource in strings(statement["Resource"])
    ]


def prefixes_of(statement: dict[str, Yaml]) -> tuple[str, ...]:
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert statement["Effect"] == "Allow"
    if "Condition" not in statement:
        return ()
    [(operator, keys)] = mapping(statement["Condition"], "Condition").items()
    [(key, patterns)] = mapping(keys, operator).items()
    assert (operator, key) == ("StringLike", "s3:prefix")
    return tuple(strings(patterns))


class Recorder:
    """Notes what calls need while it listens, whichever client makes them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.needs: set[Need] = set()
        self.listening = False
        mine = [("before-parameter-build", self._before), ("after-call", self._after)]
        patch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, *mine])

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["parameters"] = dict(params)

    def _after(self, http_response: Any, model: Any, context: dict[str, Any], **_: object) -> None:
        if self.listening:
            status = http_response.status_code
            self.needs.update(needs(model.name, context["parameters"], status))


def run_all_events(stack: Deployment, recorder: Recorder) -> dict[str, set[Need]]:
    """Function -> what all of its events need, on an empty bucket and on a filled one."""
    found: dict[str, set[Need]] = {name: set() for name in FUNCTIONS}
    for event in EVENTS.values():
        function = stack.function_of(event)
        for prepare in (stack.empty, stack.fill):
            prepare()
            handler = stack.start(function)
            recorder.needs, recorder.listening = found[function], True
            handler(event, Context())
            recorder.listening = False
    return found


@pytest.fixture(scope="module")
def runs() -> Iterator[tuple[dict[str, set[Need]], Resolver]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        recorder = Recorder(patch)
        stack = Deployment()
        yield run_all_events(stack, recorder), stack.arns()


type Runs = tuple[dict[str, set[Need]], Resolver]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_is_granted(runs: Runs, function: str) -> None:
    needed, arns = runs
    grants = granted(function, arns)
    assert needed[function]
    assert [n for n in needed[function] if not any(grant.covers(n) for grant in grants)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_grant_is_needed(runs: Runs, function: str) -> None:
    needed, arns = runs
    grants = granted(function, arns)
    assert [g for g in grants if not any(g.covers(need) for need in needed[function])] == []
