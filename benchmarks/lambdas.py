"""A function's own handler in this process: event in, response out, the registry in memory."""

import asyncio
import os
from collections.abc import Callable

from datamesh.services.registry import Registry
from tests.lambdas import ENVIRONMENT, Answer, Context, answer_of, api_event, served
from tests.meshes import resources


def calls(area: str, registry: Registry) -> Callable[[str], tuple[Callable[[], object], Answer]]:
    """Path and query -> what sends the request, and its answer."""
    os.environ.update(ENVIRONMENT | {"LOG_LEVEL": "ERROR"})
    asyncio.set_event_loop(asyncio.new_event_loop())
    handler = served(area, resources(registry)).handler

    def call(target: str) -> tuple[Callable[[], object], Answer]:
        path, _, query = target.partition("?")
        event = api_event("GET", path, principal=None) | {"rawQueryString": query}
        answer = answer_of(handler(event, Context()))
        assert answer.status == 200, answer.content
        return lambda: handler(event, Context()), answer

    return call
