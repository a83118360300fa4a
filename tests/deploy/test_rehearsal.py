"""Updates and deletion of the stack, its schedule, and what a role cannot do without a right."""

import compileall
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import pytest
import requests

from datamesh.storage.files import ProductsFile
from datamesh.storage.s3.object import S3Object
from dev.template.intrinsics import read_strings
from tests.contexts import NO_DEADLINE
from tests.deploy.ministack import Emulator
from tests.deploy.stack import Stack
from tests.e2e.api import Api
from tests.e2e.local_run import TIMEOUT_SECONDS, product, register
from tests.e2e.read_modes import check_mode
from tests.integration.processes import eventually
from tests.meshes import add_lineage, add_product, mesh
from tests.template import ROOT

EVENT: dict[str, Any] = json.loads((ROOT / "events" / "schedule.json").read_text())

PRUNE_SECONDS = 600
"""The time for a run, which is due each minute."""

CHANGED_CODE = """
_unchanged = handler

def handler(event, context):
    answer = _unchanged(event, context)
    answer["headers"]["x-release"] = "2"
    return answer
"""


def get(stack: Stack, path: str, **more: Any) -> requests.Response:
    return requests.get(stack.url + path, timeout=TIMEOUT_SECONDS, **more)


def connect(stack: Stack) -> requests.Response:
    return requests.post(
        f"{stack.url}/lineage/bulk",
        json={"items": [{"source": "first", "target": "first", "transformation": "copy"}]},
        headers={"Authorization": f"Bearer {stack.key}"},
        timeout=TIMEOUT_SECONDS,
    )


def register_another(stack: Stack) -> requests.Response:
    return register(stack.url, stack.key, product(f"another_{time.monotonic_ns()}"))


def total(stack: Stack) -> int:
    return int(get(stack, "/products").headers["X-Total-Count"])


@contextlib.contextmanager
def without(stack: Stack, function: str, action: str) -> Iterator[None]:
    """While it lasts, the function's role lacks the right."""
    iam = stack.emulator.client("iam")
    role = stack.resource(f"{function}Role")
    [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    shared = [each["PolicyArn"] for each in attached]
    rights = [*policy["Statement"], *(s for arn in shared for s in statements(iam, arn))]
    others = [statement for statement in rights if action not in read_strings(statement["Action"])]
    assert len(others) < len(rights)

    def put(statements: list[dict[str, Any]]) -> None:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
        if statements:
            document = json.dumps({**policy, "Statement": statements})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)

    # The policies that it shares stay as they are for the other roles.
    for arn in shared:
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    put(others)
    try:
        yield
    finally:
        put(policy["Statement"])
        for arn in shared:
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def statements(iam: Any, arn: str) -> list[dict[str, Any]]:
    """Return what a managed policy allows."""
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    allowed: list[dict[str, Any]] = found["Document"]["Statement"]
    return allowed


type Ask = Callable[[Stack], requests.Response]

NEEDED: list[tuple[str, str, Ask]] = [
    ("ProductsReadFunction", "s3:GetObject", lambda stack: get(stack, "/products")),
    ("LineageReadFunction", "s3:GetObject", lambda stack: get(stack, "/lineage")),
    ("AnalyticsFunction", "s3:GetObject", lambda stack: get(stack, "/analytics/domains")),
    ("PlatformFunction", "s3:GetObject", lambda stack: get(stack, "/health")),
    ("DomainsFunction", "s3:ListBucket", lambda stack: get(stack, "/domains/e2e/first")),
    ("ProductsWriteFunction", "s3:PutObject", register_another),
    ("LineageWriteFunction", "s3:PutObject", connect),
]


@pytest.mark.parametrize(("function", "action", "ask"), NEEDED)
def test_a_function_answers_503_while_its_role_lacks_a_right(
    stack: Stack, function: str, action: str, ask: Ask
) -> None:
    assert register(stack.url, stack.key, product("first")).status_code in (200, 409)
    assert ask(stack).status_code == 200
    count = total(stack)
    with without(stack, function, action):
        refused = ask(stack)
        assert refused.status_code == 503, refused.text
    assert total(stack) == count
    assert ask(stack).status_code == 200


def test_no_key_is_accepted_while_the_authorizer_may_not_read_them(
    emulator: Emulator, built: Path
) -> None:
    """In a stack of its own: an authorizer remembers the keys that it has read."""
    stack = Stack(emulator, "no-keys", built)
    stack.create()
    with without(stack, "AuthorizerFunction", "secretsmanager:GetSecretValue"):
        refused = register(stack.url, stack.key, product("first"))
        assert refused.status_code in (500, 502), refused.text
    assert get(stack, "/product/first").status_code == 404
    assert register(stack.url, stack.key, product("first")).status_code == 200
    stack.delete()


def _less(file: ProductsFile, name: str) -> ProductsFile:
    kept = {key: value for key, value in file.products.items() if key != name}
    return file.model_copy(update={"products": kept})


def test_the_schedule_clears_away_lineage_of_deleted_products(stack: Stack) -> None:
    objects = [
        S3Object(stack.emulator.storage(), stack.bucket, f"{name}.json")
        for name in ("products", "lineage")
    ]
    registry = mesh(products=objects[0], lineage=objects[1])
    for name in ("kept", "interrupted"):
        add_product(registry, name)
    add_lineage(registry, "kept", "interrupted")

    def targets() -> set[str]:
        return {entry.target for entry in registry.lineage.read(NO_DEADLINE).lineage}

    # A run may be due at any moment.
    assert "interrupted" in targets()
    # An interrupted deletion gets no further than this.
    registry.products.commit(lambda file: (_less(file, "interrupted"), None), NO_DEADLINE)
    assert eventually(lambda: "interrupted" not in targets(), PRUNE_SECONDS), "no run has pruned"
    assert get(stack, "/product/kept").status_code == 200
    headers = {"Authorization": f"Bearer {stack.key}"}
    trail = {"principal": "schedule", "product": "interrupted"}
    [record] = get(stack, "/audit", params=trail, headers=headers).json()["records"]
    assert record["commits"][0]["removed"] == 1
    # The same run keeps a snapshot and a backup; until then those of an earlier one are there.
    assert eventually(lambda: has_figures_of_now(stack), PRUNE_SECONDS), "no snapshot was kept"
    key = f"backups/{get(stack, '/analytics/snapshot').json()['date']}/products.json"
    backup = S3Object(stack.emulator.storage(), stack.bucket, key)
    assert eventually(lambda: backup.get() is not None, PRUNE_SECONDS), "no backup was kept"


def has_figures_of_now(stack: Stack) -> bool:
    """Tell whether snapshot and trend have the products that are registered now."""
    answer = get(stack, "/analytics/snapshot")
    if answer.status_code == 404:
        return False
    snapshot = answer.json()
    day = {"since": snapshot["date"], "until": snapshot["date"]}
    trend = get(stack, "/analytics/trends", params={"metric": "products.total", **day}).json()
    products = total(stack)
    is_kept = trend["points"] == [{"date": snapshot["date"], "value": products}]
    return is_kept and bool(snapshot["products"]["total"] == products)


def run_scheduled(stack: Stack, day: date) -> dict[str, int]:
    """Deliver the event of a run that was due on a day."""
    answer = stack.emulator.client("lambda").invoke(
        FunctionName=stack.resource("AnalyticsScheduledFunction"),
        Qualifier="live",
        Payload=json.dumps(EVENT | {"time": f"{day}T09:00:00Z"}),
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    result: dict[str, int] = json.loads(answer["Payload"].read())
    return result


def test_figures_go_on_from_day_to_day_with_what_cloudwatch_counted(stack: Stack) -> None:
    # The schedule itself keeps snapshots of today, and of yesterday if midnight has just passed.
    today = datetime.now(UTC).date()
    first, second = today - timedelta(days=3), today - timedelta(days=2)
    api = [{"Name": "ApiId", "Value": stack.resource("RegistryApi")}]
    stack.emulator.client("cloudwatch").put_metric_data(
        Namespace="AWS/ApiGateway",
        MetricData=[
            {
                "MetricName": "Count",
                "Dimensions": api,
                "Timestamp": f"{due - timedelta(days=1)}T12:00:00Z",
                "Value": requests_counted,
            }
            for due, requests_counted in ((first, 7), (second, 9))
        ],
    )
    assert run_scheduled(stack, first)["products"] == total(stack)
    assert register_another(stack).status_code == 200
    run_scheduled(stack, second)
    run_scheduled(stack, first)  # delivered again

    def trend(metric: str) -> list[tuple[str, float]]:
        days = {"metric": metric, "since": str(first), "until": str(second)}
        points = get(stack, "/analytics/trends", params=days).json()["points"]
        return [(each["date"], each["value"]) for each in points]

    products = total(stack)
    assert trend("products.total") == [(str(first), products - 1), (str(second), products)]
    assert trend("usage.total.requests") == [(str(first), 7), (str(second), 9)]
    usage = get(stack, "/analytics/usage", params={"date": str(second)}).json()
    assert (usage["day"], usage["total"]["requests"]) == (str(first), 9)


def test_an_update_brings_changed_parameters_and_changed_code(
    emulator: Emulator, built: Path
) -> None:
    stack = Stack(emulator, "updated", built)
    stack.create()
    url, key = stack.url, stack.key
    assert register(url, key, product("one")).status_code == 200
    assert "x-release" not in get(stack, "/products").headers
    app = built / "ProductsReadFunction" / "app.py"
    app.write_text(app.read_text() + CHANGED_CODE)
    # As `sam build` would: bytecode is not held against its source.
    compileall.compile_file(app, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, force=True)
    stack.update(MaxProducts="1")
    assert (stack.url, stack.key) == (url, key)
    assert get(stack, "/products").headers["x-release"] == "2"
    full = register(url, key, product("two"))
    assert full.status_code == 429, full.text
    assert total(stack) == 1
    stack.update(MaxProducts="2")
    assert register(url, key, product("two")).status_code == 200
    stack.delete()


def test_reads_are_as_open_as_the_stack_says(emulator: Emulator) -> None:
    """The default first; an update of the parameter reaches every function."""
    stack = Stack(emulator, "reads")
    stack.create(ReadAccess="keyed")
    assert register(stack.url, stack.key, product("first")).status_code == 200
    check_mode(Api(stack.url, stack.key), "keyed")
    stack.update(ReadAccess="catalog")
    check_mode(Api(stack.url, stack.key), "catalog")
    stack.delete()


def test_a_deleted_stack_leaves_its_data(emulator: Emulator) -> None:
    stack = Stack(emulator, "deleted")
    stack.create()
    url, bucket = stack.url, stack.bucket
    assert register(url, stack.key, product("kept")).status_code == 200
    stack.delete()
    assert requests.get(f"{url}/products", timeout=TIMEOUT_SECONDS).status_code == 404
    functions = emulator.client("lambda").list_functions()["Functions"]
    assert [f for f in functions if f["FunctionName"].startswith("deleted-")] == []
    s3 = emulator.client("s3")
    left = mesh(products=S3Object(emulator.storage(), bucket, "products.json"))
    assert list(left.products.read(NO_DEADLINE).products) == ["kept"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
