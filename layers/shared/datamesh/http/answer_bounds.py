"""No answer leaves that is larger than Lambda lets a function return: it would be a 500."""

from collections.abc import Iterable

from fastapi import Response
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from datamesh.errors.requests import AnswerTooLarge
from datamesh.models.answer_size import LONGEST_ESCAPE, MAX_ANSWER_BYTES, measure_text

SIZE_PARAMETERS = ("limit", "max_nodes", "depth")
"""The parameters that make an answer smaller when they are lowered, the best one first."""


def check_size(response: Response, parameters: Iterable[str]) -> None:
    """Check that an answer is not too large, given the parameters of its route.

    Raises AnswerTooLarge, which names those to lower.
    """
    if len(response.body) * LONGEST_ESCAPE <= MAX_ANSWER_BYTES:
        return
    size = measure_answer(bytes(response.body), response.headers.get("content-type", ""))
    if size > MAX_ANSWER_BYTES:
        to_lower = [name for name in SIZE_PARAMETERS if name in parameters]
        raise AnswerTooLarge(size, MAX_ANSWER_BYTES, to_lower)


def measure_answer(body: bytes, media_type: str) -> int:
    """Return how many bytes a body takes in what the function returns: as text, or in base64."""
    if any(text in media_type for text in DEFAULT_TEXT_MIME_TYPES):
        return measure_text(body)
    return (len(body) + 2) // 3 * 4
