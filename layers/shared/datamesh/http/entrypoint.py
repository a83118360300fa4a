"""The Lambda handler of an app, or of a task: settings, storage, context, logs and metrics."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from mangum.types import Receive, Scope, Send
from pydantic import TypeAdapter

from datamesh import cold_start
from datamesh.aws.observability import Handler, Observer
from datamesh.errors.base import MeshError
from datamesh.http.compression import add_compression
from datamesh.http.context import create_request_context, create_task_record, open_task
from datamesh.http.errors import STATUS
from datamesh.http.gateway import (
    SAFE_METHODS,
    GatewayAnswer,
    ServeRequest,
    find_caller,
    find_idempotency_key,
    is_safe,
    read_path,
)
from datamesh.http.head import add_head
from datamesh.models.values import Timestamp, utc_now
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.context import RequestContext
from datamesh.settings import Settings, load_settings
from datamesh.storage.backoff import Deadline
from datamesh.wiring.composition import create_resources
from datamesh.wiring.resources import Resources

STORAGE_SECONDS = 10.0
"""How long a request may go on beginning attempts at storage. What must follow the last one ends
within 14 s more (`storage.backoff.LAST_CALLS_SECONDS` and one call), below the functions' 25 s."""

SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    # For a year, browsers do not ask this host in plain HTTP. They ignore it where it came so.
    "strict-transport-security": "max-age=31536000",
}
"""The headers of every answer that make browsers careful."""


def create_lambda_handler(app: FastAPI, environ: Mapping[str, str]) -> Handler:
    """Return a Lambda handler that serves `app` to API Gateway.

    Raises InvalidSettings at import time of the function, before it takes a request.
    """
    settings = load_settings(environ)
    observer = Observer(settings.log_level)
    app.state.resources = create_resources(settings, observer)
    app.state.observer = observer
    app.state.requests = Counter[tuple[str, int]]()
    serve = _create_server(app)
    serve = _add_audit(_add_idempotency(serve, app), observer)
    serve = add_head(add_compression(serve))

    def handle(event: Any, lambda_context: Any) -> GatewayAnswer:
        deadline = Deadline.from_now(STORAGE_SECONDS)
        context = create_request_context(event, app.state.resources, deadline, settings.read_access)
        answer = serve(event, lambda_context, context)
        for name, value in SAFE_HEADERS.items():
            answer["headers"].setdefault(name, value)
        _limit_caching(answer, event, context)
        app.state.requests[event["routeKey"], answer["statusCode"]] += 1
        return answer

    cold_start.freeze_imports()
    return observer.wrap_handler(handle)


def _limit_caching(answer: GatewayAnswer, event: Any, context: RequestContext) -> None:
    """Keep caches from answering one caller with what another may read."""
    headers = answer["headers"]
    if context.principal is not None:
        headers.setdefault("cache-control", "no-store")
    is_read = event["requestContext"]["http"]["method"] in SAFE_METHODS
    if is_read and find_caller(event) is not None:
        headers["vary"] = ", ".join(filter(None, (headers.get("vary"), "Authorization")))


def _create_server(app: FastAPI) -> ServeRequest:
    """Return a function that serves the app; its routes read the context of their request."""

    def serve(event: Any, lambda_context: Any, context: RequestContext) -> GatewayAnswer:
        resources: Resources = app.state.resources
        if is_safe(event):
            resources = resources.show_to(context.permissions)

        async def serve_in_context(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = {"context": context, "resources": resources}
            scope["path"] = read_path(event)
            await app(scope, receive, send)

        return Mangum(serve_in_context, lifespan="off")(event, lambda_context)

    return serve


def _add_idempotency(serve: ServeRequest, app: FastAPI) -> ServeRequest:
    """Return a function that serves a POST with an Idempotency-Key at most once."""

    def serve_once(event: Any, lambda_context: Any, context: RequestContext) -> GatewayAnswer:
        key = find_idempotency_key(event)
        if key is None or context.principal is None:
            return serve(event, lambda_context, context)
        # Imported by the first request that has a key: no other needs it at its cold start.
        from datamesh.http.idempotency.handler import IdempotentRequest

        extend_problem = getattr(app.state, "extend_problem", None)
        request = IdempotentRequest(app.state.resources, context, key, extend_problem)
        return request.serve_at_most_once(event, lambda_context, serve)

    return serve_once


def _add_audit(serve: ServeRequest, observer: Observer) -> ServeRequest:
    """Return a function that completes and logs the audit record of a request that may write."""

    def serve_audited(event: Any, lambda_context: Any, context: RequestContext) -> GatewayAnswer:
        answer = serve(event, lambda_context, context)
        if isinstance(context.audit, AuditTrail):
            observer.log_write(
                context.audit.complete_record(answer["statusCode"], context.deadline)
            )
        return answer

    return serve_audited


type RunPart = Callable[[str, Callable[[RequestContext], object]], int]
"""Path of a request that would do a part of a task, and the part -> the status of its answer. The
part has a context and an audit record of its own, whatever becomes of it."""


@dataclass(frozen=True)
class Work:
    """The argument that a task is called with."""

    context: RequestContext
    resources: Resources
    settings: Settings
    event: Any
    """The event that has started the task."""
    run_part: RunPart
    observer: Observer

    @property
    def due(self) -> datetime:
        """The moment when the run was due, in UTC: `time` of an event of a schedule, or else now.

        Raises pydantic's ValidationError if it is no time.
        """
        found: datetime = TypeAdapter(Timestamp).validate_python(
            self.event.get("time") or utc_now()
        )
        return found


type Task = Callable[[Work], Mapping[str, int]]
"""Work that no client waits for; its result is logged and returned."""


def create_task_handler(
    run: Task,
    environ: Mapping[str, str],
    seconds: float | None = None,
    part_seconds: float | None = None,
) -> Handler:
    """Return a Lambda handler for work that no client waits for.

    `seconds` is how long it may go on beginning attempts at storage, if longer than a request, and
    `part_seconds` how long each of its parts may.
    """
    settings = load_settings(environ)
    observer = Observer(settings.log_level)
    resources = create_resources(settings, observer)

    def handle(event: Any, lambda_context: Any) -> Mapping[str, int]:
        def run_part(path: str, part: Callable[[RequestContext], object]) -> int:
            deadline = Deadline.from_now(STORAGE_SECONDS if part_seconds is None else part_seconds)
            record = create_task_record(run.__name__, lambda_context, path)
            context, trail = open_task(resources, record, deadline)
            status = 500
            try:
                # What fails leaves a record, too: nobody else hears of it.
                trail.begin_record(deadline)
                part(context)
                status = 200
            except MeshError as error:
                status = STATUS[type(error)]
                observer.logger.warning("%s: %s", path, error)
            finally:
                observer.log_write(trail.complete_record(status, deadline))
            return status

        deadline = Deadline.from_now(STORAGE_SECONDS if seconds is None else seconds)
        record = create_task_record(run.__name__, lambda_context)
        context, trail = open_task(resources, record, deadline)
        status = 500
        try:
            result = run(Work(context, resources, settings, event, run_part, observer))
            status = 200
        finally:
            observer.log_write(trail.complete_record(status, deadline))
        observer.logger.info("done", extra=dict(result))
        return result

    cold_start.freeze_imports()
    return observer.wrap_handler(handle)
