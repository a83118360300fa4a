"""The error bodies of Marquez' API: those of the registry, with the fields that Marquez has."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from datamesh.models.responses import Problem

type AnswerError = Callable[[Request, Exception], Awaitable[JSONResponse]]


class MarquezProblem(Problem):
    """The body of every error of Marquez' API from a function."""

    code: int = Field(description="The status.")
    details: str | None = Field(description="What is wrong with which field or parameter, if any.")


def add_marquez_fields(app: FastAPI) -> None:
    """Make `app` answer every error with a MarquezProblem."""
    app.state.extend_problem = extend_problem
    handlers: dict[Any, Any] = app.exception_handlers
    for kind, answer_error in list(handlers.items()):
        if getattr(answer_error, "__module__", "").startswith("datamesh."):
            handlers[kind] = _extend_answer(answer_error)


def extend_problem(found: JSONResponse) -> JSONResponse:
    """Return the answer to a request that failed with the fields of a MarquezProblem."""
    body = json.loads(bytes(found.body))
    problems = body.get("errors") or []
    details = "; ".join(f"{each['field']}: {each['message']}" for each in problems) or None
    answer = JSONResponse(
        {"code": found.status_code, **body, "details": details}, found.status_code
    )
    for name in ("retry-after", "allow", "www-authenticate"):
        if name in found.headers:
            answer.headers[name] = found.headers[name]
    return answer


def _extend_answer(answer_error: AnswerError) -> AnswerError:
    async def answer_as_marquez(request: Request, error: Exception) -> JSONResponse:
        return extend_problem(await answer_error(request, error))

    return answer_as_marquez
