"""The functions of `template.yaml` over moto: imported anew, in the environment it gives them."""

import gzip
import json
import sys
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pydantic import JsonValue

from datamesh.aws.observability import Handler
from datamesh.http.context import create_request_record
from datamesh.models.access import Role, Visibility
from datamesh.models.audit import AuditedCommit
from datamesh.models.contracts import ContractReference
from datamesh.models.json_codec import encode_model
from datamesh.models.openlineage import EVENT_EXAMPLE, RunEvent
from datamesh.models.products import ProductUpdate
from datamesh.models.quality import QualityRun
from datamesh.models.values import utc_now
from datamesh.services.access.grants import build_grant_id
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.checks.history import QUALITY_FOLDER, build_run_name
from datamesh.services.jobs.recording import store_job
from datamesh.services.jobs.records import RUNS_PREFIX, compute_job_key
from datamesh.services.openlineage.event_reader import read_statement
from datamesh.services.openlineage.files import RunFile
from datamesh.services.openlineage.job_reader import read_job_history
from datamesh.services.openlineage.parsing import ReceivedEvent, receive_event
from datamesh.services.openlineage.runs import compute_run_path
from datamesh.services.product_versions.keeping import ProductVersions
from datamesh.services.products.registration import update_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.access_file import ACCESS_KEY, AccessFile
from datamesh.storage.contract_sources import ContractSources
from datamesh.storage.document import Document
from datamesh.storage.event_log import EVENTS_PREFIX
from datamesh.storage.files import ProductsFile
from datamesh.storage.job_files import JOB_INDEX_KEY, JOBS_PREFIX, JobFile, JobIndexFile
from datamesh.storage.s3.client import S3Client as Client
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from datamesh.wiring.bucket import Bucket
from dev.stack import Api, Function
from dev.template.intrinsics import Resolver
from dev.template.reader import read_api
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.lambdas import ENVIRONMENT
from tests.meshes import NO_WAIT, NOON, add_lineage, add_product, mesh
from tests.template import DOCUMENT, ROOT, TEMPLATE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

QUEUES = ("EVENT_QUEUE_URL", "EVENT_DEAD_LETTERS_URL")
QUEUE_NAMES = ("EventQueue", "EventDeadLetters")
BUCKET = "catalog"
KEY = "PUT-YOUR-API-KEY-HERE"
"""The key of the events."""

EVENTS = {
    file.stem: json.loads(file.read_text()) for file in sorted((ROOT / "events").glob("*.json"))
}

ACCESS_REQUEST = "5f0c1a2b3d4e5f60"
STORED_KEY = "dm_night_PUT-YOUR-API-KEY-HERE-AND-IT-HAS-43-LETTERS"
"""The key in the event of the authorizer that has a key of `access.json`."""

DOMAIN_FILES = {
    "sales/orders/1997.csv": b"order_id,order_date\n1,1996-12-31\n2,1997-01-31\n",
    "finance/transactions/all.jsonl": b'{"id": 1, "transaction_date": "1997-01-31"}\n',
    "marketing/campaigns/all.csv": b"id,status\n1,active\n2,ended\n",
}


DATASETS = {
    "orders": [{"namespace": "postgres://db.example.com:5432", "name": "shop.public.orders"}]
}
"""Product -> its names in OpenLineage."""
OVERWRITING: dict[str, Any] = {
    "job": {"namespace": "nightly", "name": "costs"},
    "outputs": [
        {
            "namespace": "postgres://db.example.com:5432",
            "name": "shop.public.revenue",
            "facets": {"lifecycleStateChange": {"lifecycleStateChange": "OVERWRITE"}},
        }
    ],
}
"""The parts of another event, in the place of the example's."""


class Deployment:
    """A bucket, a secret, and queues in moto, and the functions that use them.

    Nobody polls the queue of events. Without `queued`, they are derived from at once."""

    def __init__(self, *, queued: bool = False) -> None:
        self._s3 = boto3.client("s3")
        self._s3.create_bucket(Bucket=BUCKET)
        self._s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        secret = json.dumps({"key-1": KEY})
        created = boto3.client("secretsmanager").create_secret(Name="keys", SecretString=secret)
        self.secret_arn = created["ARN"]
        names = {"CatalogBucket": BUCKET, "ApiKeySecret": self.secret_arn}
        self._queued = queued
        sqs = boto3.client("sqs")
        self._queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUE_NAMES}
        names |= self._queues
        self._api = read_api(TEMPLATE, {"ReadAccess": "open"}, names)

    def arns(self) -> Resolver:
        """Resolves what policies name to ARNs."""
        arns = {"CatalogBucket": f"arn:aws:s3:::{BUCKET}", "ApiKeySecret": self.secret_arn}
        arns |= {name: find_queue_arn(url) for name, url in self._queues.items()}
        return Resolver(DOCUMENT, {}, arns)

    def function_of(self, event: dict[str, Any]) -> str:
        return function_of(self._api, event)

    def start(self, name: str) -> Handler:
        """A cold start of the function."""
        function = self._api.functions[name]
        module_name, _, attribute = function.handler.rpartition(".")
        path = Path(function.code) / f"{module_name}.py"
        spec = spec_from_file_location(f"deployed_{name}", path)
        assert spec and spec.loader
        module = module_from_spec(spec)
        with pytest.MonkeyPatch.context() as patch:
            for variable in ENVIRONMENT:
                if not variable.startswith("AWS_"):
                    patch.delenv(variable, raising=False)
            for variable, value in self._list_variables(function).items():
                patch.setenv(variable, value)
            patch.setitem(sys.modules, spec.name, module)
            spec.loader.exec_module(module)
        handler: Handler = getattr(module, attribute)
        return handler

    def _list_variables(self, function: Function) -> dict[str, str]:
        found = {**function.environment}
        if self._queued:
            return found
        if function.name == "OpenLineageWriteFunction":
            found = {**self._api.functions["OpenLineageDeriveFunction"].environment}
        return {name: each for name, each in found.items() if name not in QUEUES}

    def empty(self) -> None:
        empty(self._s3, BUCKET)

    def fill(self) -> None:
        fill(self._s3, create_client(), BUCKET)

    def list_keys(self, prefix: str) -> list[str]:
        found = self._s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]

    def hide_product(self) -> None:
        """Make a product private."""
        products = mesh(products=S3Object(create_client(), BUCKET, "products.json")).products

        def change(file: ProductsFile) -> tuple[ProductsFile, None]:
            product = file.products["transactions"].to_model()
            hidden = product.model_copy(update={"visibility": Visibility.PRIVATE})
            return file.with_product(hidden), None

        products.commit(change, NO_DEADLINE)


def find_queue_arn(url: str) -> str:
    """Return the ARN of the queue that has the URL."""
    *_, account, name = url.split("/")
    return f"arn:aws:sqs:{ENVIRONMENT['AWS_DEFAULT_REGION']}:{account}:{name}"


def function_of(api: Api, event: dict[str, Any]) -> str:
    """The function that an event is for: a route's, its authorizer's, a schedule's, a
    queue's, or the one that operators invoke."""
    if event.get("task") == "rebuild-lineage":
        return "OpenLineageRebuildFunction"
    if "Records" in event:
        [source] = api.queues
        return source.function
    if "routeKey" not in event:
        # CloudFormation names a rule after the stack, the function, and the event of the template.
        [rule] = event["resources"]
        [scheduled] = [name for name in api.scheduled if f"-{name}Schedule-" in rule]
        return scheduled
    [route] = [route for route in api.routes if route.key == event["routeKey"]]
    if event.get("type") != "REQUEST":
        return route.function
    assert route.authorizer
    return route.authorizer.function


def empty(client: "S3Client", bucket: str) -> None:
    """Empty the bucket, of every version too."""
    found = client.list_object_versions(Bucket=bucket)
    for version in found.get("Versions", []):
        client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    for marker in found.get("DeleteMarkers", []):
        client.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])


def add_contract(registry: Registry, sources: ContractSources) -> None:
    """Give a product the contract of the sample event, as `PUT /product/{name}/contract` does."""
    body = EVENTS["replace_contract"]["body"].encode()
    digest = sources.store_source(body, NO_DEADLINE)
    reference = ContractReference(
        id="urn:datacontract:sales:orders",
        version="1.0.0",
        api_version="v3.2.0",
        media_type="application/yaml",
        digest=digest,
        size=len(body),
        object="parcels",
    )

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        product = file.products["orders"].to_model()
        return file.with_product(product.model_copy(update={"contract": reference})), None

    registry.products.commit(change, NO_DEADLINE)


def add_version(registry: Registry, versions: ProductVersions) -> None:
    """Give a product another version, as `PUT /product/{name}` does."""
    context = replace(CONTEXT, open_versions=lambda: versions)
    update_product(context, registry, "transactions", ProductUpdate(version="1.0.1"))


PLANNED = [
    {"document": f"{name}.json", "commit_id": "died", "revision": 9, "products": ["orders"]}
    | dict.fromkeys(("added", "changed", "removed"), 1)
    for name in ("products", "lineage")
]
"""Commits of a request that died: the history is asked whether they have landed."""


def fill(client: "S3Client", ours: Client, bucket: str) -> None:
    """Fill the bucket with what the events ask for, an entry that an interrupted deletion left
    behind, the record of a write that died, an event of OpenLineage that was kept with its job and
    run, and no lineage of it, another of which nothing else is there, and a job of which no event
    is kept."""
    empty(client, bucket)
    objects = [S3Object(ours, bucket, f"{n}.json") for n in ("products", "lineage")]
    planned = [AuditedCommit.model_validate(each) for each in PLANNED]
    record = create_request_record(EVENTS["register_product"]).model_copy(
        update={"planned": (*planned,)}
    )
    trail = AuditTrail(record, lambda key: S3Object(ours, bucket, key), NO_WAIT)
    trail.begin_record(NO_DEADLINE)
    registry = mesh(products=objects[0], lineage=objects[1])
    add_product(
        registry,
        "orders",
        schema={"order_id": "integer", "order_date": "date"},
        check="daily",
        openlineage=DATASETS.get("orders", []),
    )
    for name, domain, schema in (
        ("transactions", "finance", {"id": "integer", "transaction_date": "date"}),
        ("campaigns", "marketing", {"id": "integer", "status": "string"}),
        ("gone", "sales", {"id": "integer"}),
    ):
        add_product(
            registry,
            name,
            domain=domain,
            schema=schema,
            openlineage=DATASETS.get(name, []),
        )
    add_contract(registry, ContractSources(lambda key: S3Object(ours, bucket, key), NO_WAIT))
    add_version(registry, ProductVersions(lambda key: S3Object(ours, bucket, key), NO_WAIT))
    add_lineage(registry, "orders", "transactions")
    add_lineage(registry, "transactions", "gone")
    # What is replaced from here on is left for the scheduled run.
    Bucket(ours, bucket, NO_WAIT).keep_past(utc_now(), NO_DEADLINE)
    registry.products.commit(
        lambda file: (
            file.model_copy(
                update={"products": {k: v for k, v in file.products.items() if k != "gone"}}
            ),
            None,
        ),
        NO_DEADLINE,
    )
    kept = receive_event(EVENT_EXAMPLE)
    S3Object(ours, bucket, EVENTS_PREFIX + kept.name).put(gzip.compress(kept.body), None)
    record_job(ours, bucket, kept)
    written: JsonValue = {"namespace": "finance", "name": "transactions"}
    job: JsonValue = {"namespace": "nightly", "name": "transactions"}
    record_job(ours, bucket, receive_event({**EVENT_EXAMPLE, "job": job, "outputs": [written]}))
    other = receive_event({**EVENT_EXAMPLE, **OVERWRITING})
    S3Object(ours, bucket, EVENTS_PREFIX + other.name).put(gzip.compress(other.body), None)
    store_key(S3Object(ours, bucket, ACCESS_KEY))
    run = QualityRun(
        status="passed", checked_at=utc_now(), product="transactions", registered_at=utc_now()
    )
    name = f"{build_run_name(run.checked_at)}-00000000.json"
    S3Object(ours, bucket, f"{QUALITY_FOLDER}transactions/{name}").put(encode_model(run), None)
    for name, content in DOMAIN_FILES.items():
        client.put_object(Bucket=bucket, Key=f"domains/{name}", Body=content)


def store_key(access: S3Object) -> None:
    """The key of the id `night`, with a grant, and a request, as if they had been made now."""
    ends = utc_now() + timedelta(days=1)
    digest = sha256(STORED_KEY.encode()).hexdigest()
    by: dict[str, JsonValue] = {"created_at": utc_now().isoformat(), "expires_at": ends.isoformat()}
    key: JsonValue = {
        "id": "night",
        "owner": "sales-team",
        "created_by": "key:key-1",
        "secrets": [{"digest": digest, **by}],
        **by,
    }
    grant: dict[str, JsonValue] = {
        "id": build_grant_id("key:night", Role.READER, "sales"),
        "principal": "key:night",
        "role": "reader",
        "domain": "sales",
        "granted_by": "key:key-1",
        "granted_at": utc_now().isoformat(),
    }
    asked: JsonValue = {
        "id": ACCESS_REQUEST,
        "product": "transactions",
        "product_origin": {"created_at": NOON.isoformat(), "revision": 2},
        "domain": "finance",
        "principal": "key:key-1",
        "purpose": "Reconciliation",
        "requested_at": utc_now().isoformat(),
    }
    file = AccessFile.from_envelope(
        {
            "grants": {str(grant["id"]): grant},
            "keys": {"night": key},
            "requests": {ACCESS_REQUEST: asked},
        }
    )
    access.put(file.encode(), None)


def record_job(ours: Client, bucket: str, kept: ReceivedEvent) -> None:
    """Record the job of an event as the event would, when it came in."""
    assert isinstance(kept.event, RunEvent)

    def document[F: (JobFile, JobIndexFile, RunFile)](key: str, kind: type[F]) -> Document[F]:
        return Document(S3Object(ours, bucket, key), kind, NO_WAIT)

    history = read_job_history(kept.event, kept.digest)
    assert history
    key = compute_job_key(history.namespace, history.name)
    job = document(f"{JOBS_PREFIX}{key}.json", JobFile)
    recorded = store_job(CONTEXT, job, history)
    index = document(JOB_INDEX_KEY, JobIndexFile)
    jobs = {**index.read(NO_DEADLINE).jobs, key: recorded.record}
    index.commit(lambda file: (file.model_copy(update={"jobs": jobs}), None), NO_DEADLINE)
    statements = (read_statement(kept.event),)
    document(f"{RUNS_PREFIX}{compute_run_path(kept.event)}.json", RunFile).commit(
        lambda file: (file.model_copy(update={"statements": statements}), None), NO_DEADLINE
    )
