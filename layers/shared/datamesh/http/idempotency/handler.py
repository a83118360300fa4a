"""Serves a POST with an `Idempotency-Key` at most once."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from starlette.responses import Response

from datamesh.http.errors import problem
from datamesh.http.idempotency.store import KEPT_SECONDS, KeyRecords
from datamesh.models.responses import FieldProblem
from datamesh.services.registry.registry import Attempt

MAX_KEY_LENGTH = 255

type Serve = Callable[[Any, Any, Attempt | None], dict[str, Any]]
"""(event, context, attempt) -> API Gateway's response."""


class _NotDone(Exception):
    """An answer that is not to be remembered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer


class Once:
    """Successes are remembered for KEPT_SECONDS; a refused or failed request may be sent again."""

    def __init__(self, serve: Serve, records: KeyRecords) -> None:
        self._serve = serve
        self._records = records
        self._config = IdempotencyConfig(
            event_key_jmespath="key",
            payload_validation_jmespath="body",
            raise_on_no_idempotency_key=True,
            expires_after_seconds=KEPT_SECONDS,
            hash_function="sha256",
        )
        self._once = idempotent_function(
            self._try,
            data_keyword_argument="request",
            persistence_store=records,
            config=self._config,
        )

    def __call__(self, event: Any, context: Any, key: str, principal: str) -> dict[str, Any]:
        if not 1 <= len(key) <= MAX_KEY_LENGTH:
            return _answer(_bad_key(f"must have 1 to {MAX_KEY_LENGTH} characters"))
        self._config.register_lambda_context(context)
        request = {
            "key": f"{principal} {event['routeKey']} {key}",
            # What is asked for besides the route itself; parts of the path belong to it too.
            "body": [
                event.get("body"),
                event.get("rawQueryString"),
                *(event.get("pathParameters") or {}).values(),
            ],
        }
        try:
            answer: dict[str, Any] = self._once(request=request, event=event, context=context)
        except _NotDone as not_done:
            return not_done.answer
        except IdempotencyAlreadyInProgressError:
            return _answer(problem(409, "A request with this Idempotency-Key is still in progress"))
        except IdempotencyValidationError:
            return _answer(_bad_key("was used with another body"))
        except IdempotencyPersistenceLayerError as error:
            return _answer(problem(503, f"The Idempotency-Key cannot be recorded: {error}"))
        return answer

    def _try(self, *, request: Any, event: Any, context: Any) -> dict[str, Any]:
        answer = self._serve(event, context, self._records.current)
        if answer["statusCode"] >= 300:
            self._records.in_doubt = answer["statusCode"] >= 500
            raise _NotDone(answer)
        return answer


def _bad_key(message: str) -> Response:
    field = FieldProblem(field="Idempotency-Key", location="header", message=message)
    return problem(422, f"Invalid request: Idempotency-Key {message}", [field])


def _answer(response: Response) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "headers": dict(response.headers),
        "body": bytes(response.body).decode(),
        "isBase64Encoded": False,
    }
