"""From an app to a Lambda handler: settings, storage, logs and metrics."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from mangum import Mangum

from datamesh import cold_start
from datamesh.aws.observability import Handler, Observer
from datamesh.http.app import IDEMPOTENCY_KEY, SAFE_METHODS, principal_of
from datamesh.http.audit import record_of, record_of_task
from datamesh.services.audit.trail import Trail
from datamesh.services.registry.registry import Attempt
from datamesh.settings import Settings, load_settings
from datamesh.storage.backoff import Deadline
from datamesh.storage.objects import ConditionalObject
from datamesh.wiring import Resources, connect

if TYPE_CHECKING:
    from datamesh.http.idempotency.handler import Once

STORAGE_SECONDS = 10.0
"""How long a request may go on beginning attempts. The last one, a PUT and the look at what became
of it, ends within 10 s more (see the time-outs in `storage.s3`), below the functions' 25 s."""


# `async` for the reason that handlers are: FastAPI calls anything else in a thread.


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
        from datamesh.http.idempotency.handler import Once
        from datamesh.http.idempotency.store import KeyRecords

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

    cold_start.freeze_imports()
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

    cold_start.freeze_imports()
    return observer.observe(handler)
