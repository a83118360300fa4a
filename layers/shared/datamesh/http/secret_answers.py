"""Answers that hold a secret, and that nobody but the caller may keep."""

from fastapi import Depends, Request, Response

from datamesh.errors.requests import UnrepeatableRequest
from datamesh.http.gateway import IDEMPOTENCY_KEY


async def keep_answer_secret(request: Request, response: Response) -> None:
    """Keep an answer from being kept: by an idempotency record, and by caches on its way.

    Raises UnrepeatableRequest.
    """
    if IDEMPOTENCY_KEY in request.headers:
        raise UnrepeatableRequest
    response.headers["cache-control"] = "no-store"


SECRET_ANSWER = [Depends(keep_answer_secret)]
"""The dependencies of a route whose answer holds a secret."""
