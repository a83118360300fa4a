"""Health over a real S3 server that refuses writes, and then takes them again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import repeat

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.storage.backoff import Backoff
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from datamesh.storage.write_probe import WriteProbe
from dev.storage.s3 import S3
from tests.contexts import NO_DEADLINE
from tests.faults.plans import PASS, Fault, Kind, Plan
from tests.faults.proxy import Proxy
from tests.lambdas import ENVIRONMENT, Client, import_app
from tests.meshes import NOON

KEY = "health/written_at.json"


class RefusedPut(Fault):
    """A refusal of whatever writes; reads pass."""

    def for_method(self, method: bytes) -> Fault:
        return self if method == b"PUT" else PASS


@dataclass(frozen=True)
class Refusals(Plan):
    """One and the same fault for ever."""

    fault: Fault = PASS

    def faults(self, lane: int) -> Iterator[Fault]:
        return repeat(self.fault)


@pytest.fixture
def proxy(s3: S3) -> Iterator[Proxy]:
    s3.create_client().delete_object(Bucket=s3.bucket, Key=KEY)
    with Proxy(s3.endpoint, 1) as found:
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How much later it is than noon: the last of them."""
    later = [timedelta()]
    monkeypatch.setattr(
        "datamesh.wiring.composition.WriteProbe",
        lambda stored, backoff, seconds: WriteProbe(
            stored, backoff, seconds, lambda: NOON + later[-1]
        ),
    )
    return later


@pytest.fixture
def client(
    s3: S3,
    proxy: Proxy,
    clock: list[timedelta],
    environment: dict[str, str],
    imported_functions: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    for name, value in (s3.build_environment(s3.prober)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.lanes[0].endpoint)
    # The metrics are those of the process: they may hold some of another test's.
    namespace = "POWERTOOLS_METRICS_NAMESPACE"
    monkeypatch.setenv(namespace, ENVIRONMENT[namespace])
    environ = ENVIRONMENT | {"CATALOG_BUCKET": s3.bucket}
    return Client(create_lambda_handler(import_app("platform"), environ))


@pytest.mark.parametrize(
    ("kind", "code"), [(Kind.SERVER_ERROR, "500 InternalError"), (Kind.SLOW_DOWN, "503 SlowDown")]
)
def test_health_tells_that_writes_fail_and_when_they_do_no_more(
    client: Client, proxy: Proxy, clock: list[timedelta], kind: Kind, code: str
) -> None:
    lanes = proxy.lanes
    proxy.follow(Refusals(0, fault=PASS), lanes)
    assert client.get("/health").body["status"] == "healthy"
    clock.append(timedelta(minutes=2))
    proxy.follow(Refusals(0, fault=RefusedPut(kind)), lanes)
    answer = client.get("/health")
    message = f"Unhealthy: writes fail. {KEY} cannot be reached: PutObject answered {code}"
    assert (answer.status, answer.body) == (503, {"success": False, "message": message})
    tried = lanes[0].counts[kind]
    assert 1 <= tried <= 20
    assert client.get("/health").status == 503
    assert lanes[0].counts[kind] == tried
    proxy.follow(Refusals(0, fault=PASS), lanes)
    clock.append(timedelta(minutes=4))
    assert client.get("/health").body["status"] == "healthy"


def test_whoever_may_not_write_is_told_so(s3: S3, proxy: Proxy) -> None:
    reader = create_client(s3.build_environment(s3.reader))
    probe = WriteProbe(S3Object(reader, s3.bucket, KEY), replace(Backoff(), attempts=2))
    with pytest.raises(StorageUnavailable, match=r"writes fail\. PutObject answered 403 Access"):
        probe.check_writes(NO_DEADLINE)
