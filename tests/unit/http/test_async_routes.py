"""Nothing that a request needs runs in a thread: the way there takes longer than most answers."""

from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from tests.lambdas import AREAS, import_app

pytestmark = pytest.mark.usefixtures("imported_functions")


def calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call:
        yield dependant.call
    for each in dependant.dependencies:
        yield from calls(each)


def is_async(call: Callable[..., Any]) -> bool:
    return iscoroutinefunction(call) or iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


@pytest.mark.parametrize("area", AREAS)
def test_handlers_and_what_they_depend_on_are_async(area: str) -> None:
    routes = [route for route in import_app(area).routes if isinstance(route, APIRoute)]
    found = [call for route in routes for call in calls(route.dependant)]
    assert len(found) > len(routes) > 0
    assert [call for call in found if not is_async(call)] == []


@pytest.mark.parametrize("area", AREAS)
def test_errors_are_answered_by_async_handlers(area: str) -> None:
    handlers = import_app(area).exception_handlers.values()
    assert [each for each in handlers if not is_async(each)] == []
