"""From an app to a Lambda handler: settings, storage, logs and metrics."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Request
from mangum import Mangum

from datamesh import start
from datamesh.http.app import IDEMPOTENCY_KEY, SAFE_METHODS, principal_of
from datamesh.http.audit import record_of, record_of_task
from datamesh.http.parameters import AsOf
from datamesh.models.ports import OTHER_BUCKETS
from datamesh.observability import Handler, Observer
from datamesh.services import audit, snapshots
from datamesh.services.audit import Trail
from datamesh.services.backups import Backups
from datamesh.services.datasets import DataAccess
from datamesh.services.past import Past
from datamesh.services.registry import Attempt, Registry
from datamesh.services.snapshots import Snapshots
from datamesh.settings import Settings, load_settings
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Committed, Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History
from datamesh.storage.journal import Journal
from datamesh.storage.objects import ConditionalObject, OpenObject
from datamesh.storage.s3 import S3Object
from datamesh.storage.s3_client import create_client
from datamesh.storage.s3_folders import S3Folder
from datamesh.storage.s3_journal import S3Journal
from datamesh.storage.s3_versions import S3Versions

if TYPE_CHECKING:
    from datamesh.http.once import Once
    from datamesh.services.openlineage.ingest import Intake

STORAGE_SECONDS = 10.0
"""How long a request may go on beginning attempts. The last one, a PUT and the look at what became
of it, ends within 10 s more (see the time-outs in `storage.s3`), below the functions' 25 s."""


@dataclass(frozen=True)
class Resources:
    """What a function works on; its tests put others in their place."""

    registry: Registry
    data: DataAccess
    past: Callable[[datetime], Registry]
    """A moment -> the registry as it was then; raises VersionExpired."""
    key_record: OpenObject
    """Digest of an idempotency key -> the object that remembers it."""
    trail: Trail
    audit: Journal
    """The records that the trail has stored."""
    snapshots: Snapshots
    backups: Backups
    intake: Callable[[], "Intake"]
    """Where OpenLineage events go."""


def connect(settings: Settings, observer: Observer, deadline: Deadline) -> Resources:
    """The registry and the domain data in the bucket that the settings name."""
    client = create_client()
    bucket = settings.catalog_bucket
    backoff = Backoff(deadline)

    def open_object(key: str) -> ConditionalObject:
        return S3Object(client, bucket, key)

    trail = Trail(open_object, backoff)

    def committed(done: Committed[Any]) -> None:
        observer.committed(done)
        trail.committed(done)

    def document[F: (ProductsFile, LineageFile)](key: str, kind: type[F]) -> Document[F]:
        return Document(
            S3Object(client, bucket, key),
            kind,
            backoff,
            cache_seconds=settings.cache_seconds,
            before_commit=trail.begin,
            on_commit=committed,
        )

    def folder(location: str) -> S3Folder:
        other, _, prefix = location.removeprefix(OTHER_BUCKETS).partition("/")
        if location.startswith(OTHER_BUCKETS):
            return S3Folder(client, other, prefix, backoff)
        return S3Folder(client, bucket, location, backoff)

    def history[F: (ProductsFile, LineageFile)](key: str, kind: type[F]) -> History[F]:
        return History(S3Versions(client, bucket, key), kind, backoff)

    registry = Registry(
        products=document("products.json", ProductsFile),
        lineage=document("lineage.json", LineageFile),
        max_products=settings.max_products,
        max_lineage_entries=settings.max_lineage_entries,
        data_prefixes=settings.data_prefixes,
    )
    past = Past(
        registry,
        products=history("products.json", ProductsFile),
        lineage=history("lineage.json", LineageFile),
    )

    @cache
    def intake() -> "Intake":
        # Not imported where no events come in: every other cold start would pay for it.
        from datamesh.http.intake import opened

        return opened(settings, client, backoff)

    return Resources(
        registry=registry,
        past=past.at,
        data=DataAccess(folder, settings.max_scan_bytes),
        key_record=lambda digest: S3Object(client, bucket, f"idempotency/{digest}.json"),
        trail=trail,
        audit=S3Journal(client, bucket, audit.FOLDER, backoff),
        snapshots=Snapshots(
            open_object, S3Journal(client, bucket, snapshots.FOLDER, backoff), backoff
        ),
        backups=Backups(open_object, backoff),
        intake=intake,
    )


# `async` for the reason that handlers are: FastAPI calls anything else in a thread.


async def resources_of(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


async def registry_of(request: Request) -> Registry:
    """The registry, as the request sees it: whose commits have its identity."""
    resources = await resources_of(request)
    return replace(
        resources.registry,
        attempt=request.app.state.attempt,
        commit_id=resources.trail.commit_id,
    )


async def registry_at(request: Request, as_of: AsOf = None) -> Registry:
    """The registry, or what it was at the moment that the request names."""
    if as_of is None:
        return await registry_of(request)
    return (await resources_of(request)).past(as_of)


CurrentResources = Annotated[Resources, Depends(resources_of)]
CurrentRegistry = Annotated[Registry, Depends(registry_of)]
RegistryAsOf = Annotated[Registry, Depends(registry_at)]


def idempotency_key(event: Any) -> str | None:
    """The header of a POST; the other methods are idempotent by themselves."""
    if event["requestContext"]["http"]["method"] != "POST":
        return None
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    key: str | None = headers.get(IDEMPOTENCY_KEY)
    return key


def lambda_handler(app: FastAPI, environ: Mapping[str, str]) -> Handler:
    """A Lambda handler that serves `app` to API Gateway.

    Raises InvalidSettings at import time of the function, before it takes a request.
    """
    settings = load_settings(environ)
    observer = Observer(settings.log_level)
    deadline = Deadline(STORAGE_SECONDS)
    app.state.resources = connect(settings, observer, deadline)
    app.state.gave_up, app.state.skipped = observer.gave_up, observer.skipped
    app.state.requests = Counter[tuple[str, int]]()
    adapter = Mangum(app, lifespan="off")

    def serve(event: Any, context: Any, attempt: Attempt | None = None) -> dict[str, Any]:
        app.state.attempt = attempt
        if attempt:
            app.state.resources.trail.share(attempt.id)
        return adapter(event, context)

    @cache
    def once() -> "Once":
        # Imported by the first request that has a key: no other needs it at its cold start.
        from datamesh.http.idempotency import KeyRecords
        from datamesh.http.once import Once

        def record(digest: str) -> ConditionalObject:
            opened: ConditionalObject = app.state.resources.key_record(digest)
            return opened

        return Once(serve, KeyRecords(lambda: app.state.resources.registry, record))

    def handler(event: Any, context: Any) -> Any:
        deadline.restart()
        may_write = event["requestContext"]["http"]["method"] not in SAFE_METHODS
        trail: Trail = app.state.resources.trail
        trail.expect(record_of(event) if may_write else None)
        key, principal = idempotency_key(event), principal_of(event)
        if key is not None and principal is not None:
            answer = once()(event, context, key, principal)
        else:
            answer = serve(event, context)
        answer["headers"].setdefault("x-content-type-options", "nosniff")
        app.state.requests[event["routeKey"], answer["statusCode"]] += 1
        if may_write:
            observer.wrote(trail.finish(answer["statusCode"]))
        return answer

    start.finish()
    return observer.observe(handler)


@dataclass(frozen=True)
class Work:
    """What a task is given: `remaining` tells the seconds left for beginning calls to storage."""

    resources: Resources
    settings: Settings
    event: Any
    remaining: Callable[[], float]


type Task = Callable[[Work], Mapping[str, int]]
"""Its result goes to the log and is returned."""


def task_handler(run: Task, environ: Mapping[str, str], seconds: float | None = None) -> Handler:
    """A Lambda handler for work that no client waits for; `seconds` if it takes longer than one."""
    settings = load_settings(environ)
    observer = Observer(settings.log_level)
    deadline = Deadline(STORAGE_SECONDS if seconds is None else seconds)
    resources = connect(settings, observer, deadline)

    def handler(event: Any, context: Any) -> Mapping[str, int]:
        deadline.restart()
        resources.trail.expect(record_of_task(run.__name__, context))
        registry = replace(resources.registry, commit_id=resources.trail.commit_id)
        over = replace(resources, registry=registry)
        status = 500
        try:
            result = run(Work(over, settings, event, deadline.remaining))
            status = 200
        finally:
            observer.wrote(resources.trail.finish(status))
        observer.logger.info("done", extra=dict(result))
        return result

    start.finish()
    return observer.observe(handler)
