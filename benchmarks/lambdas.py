"""Handlers in this process, as Lambda calls them: API Gateway's event in, response out."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle
from typing import Any

from datamesh.aws.observability import Handler
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.services.registry.registry import Registry
from datamesh.wiring.resources import Resources
from dev.storage.s3 import S3
from tests.lambdas import ENVIRONMENT, Answer, LambdaContext, api_event, import_app, read_answer
from tests.meshes import resources

CONTEXT = LambdaContext()

type Event = Mapping[str, Any]


def get(target: str) -> Event:
    """The event of a GET; `target` is a path, and a query if there is one."""
    path, _, query = target.partition("?")
    return api_event("GET", path, principal="anonymous") | {"rawQueryString": query}


@dataclass(frozen=True)
class Service:
    """A handler, and what makes it answer from its own registry: a process has one app an area."""

    handler: Handler
    select: Callable[[], None] = lambda: None

    def answers(self, event: Event) -> Answer:
        self.select()
        answer = read_answer(self.handler(event, CONTEXT))
        assert answer.status < 300, answer.content
        return answer

    def in_turn(self, events: Iterable[Event]) -> Callable[[], object]:
        """Sends the next of the events each time, from the first again after the last."""
        turn: Iterator[Event] = cycle(events)
        return lambda: self.handler(next(turn), CONTEXT)


def ours(area: str, registry: Registry) -> Service:
    return over(area, resources(registry))


def deployed(area: str, s3: S3, **variables: str) -> Service:
    """The area's function over a bucket of the local S3 server: of several the last one counts."""
    found = s3.build_environment(s3.writer) | {"CATALOG_BUCKET": s3.bucket}
    os.environ.update(ENVIRONMENT | found | variables)
    asyncio.set_event_loop(asyncio.new_event_loop())
    return Service(create_lambda_handler(import_app(area), os.environ))


def over(area: str, worked_on: Resources) -> Service:
    """The area's function as it is deployed, over other resources."""
    os.environ.update(ENVIRONMENT)
    asyncio.set_event_loop(asyncio.new_event_loop())
    module = import_module(f"functions.{area}.app")

    def select() -> None:
        module.app.state.resources = worked_on

    return Service(module.handler, select)
