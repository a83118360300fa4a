"""Serving a POST with an `Idempotency-Key` at most once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from starlette.responses import JSONResponse, Response

from datamesh.http.errors import build_problem
from datamesh.http.gateway import GatewayAnswer, ServeRequest
from datamesh.http.idempotency.store import KEPT_SECONDS, IdempotencyRecords
from datamesh.models.responses import FieldProblem
from datamesh.services.context import RequestContext
from datamesh.wiring.resources import Resources

MAX_KEY_LENGTH = 255


class _AnswerNotKept(Exception):
    """Carries an answer that is not remembered past Powertools."""

    def __init__(self, answer: GatewayAnswer) -> None:
        self.answer = answer


type ExtendProblem = Callable[[JSONResponse], JSONResponse]
"""Adds to the body of an error what those of the app's routes have."""


class IdempotentRequest:
    """One request with a key.

    Its success is remembered for KEPT_SECONDS; a refused or failed request may be sent again.
    """

    def __init__(
        self,
        resources: Resources,
        context: RequestContext,
        key: str,
        extend_problem: ExtendProblem | None = None,
    ) -> None:
        self._extend_problem = extend_problem
        self._context = context
        self._key = key
        self._records = IdempotencyRecords(
            resources.registry, resources.open_key_record, context.deadline
        )

    def serve_at_most_once(
        self, event: Any, lambda_context: Any, serve: ServeRequest
    ) -> GatewayAnswer:
        """Serve the request, or return the answer that the first request with its key was given.

        The answer is 422 if the key is too short or too long, or came with another body; 409 if a
        request with it is in progress; 503 if it cannot be recorded.
        """
        if not 1 <= len(self._key) <= MAX_KEY_LENGTH:
            return self._refuse(_build_key_problem(f"must have 1 to {MAX_KEY_LENGTH} characters"))
        config = _create_config()
        config.register_lambda_context(lambda_context)
        serve_once = idempotent_function(
            self._serve,
            data_keyword_argument="request",
            persistence_store=self._records,
            config=config,
        )
        try:
            answer: GatewayAnswer = serve_once(
                request=self._describe_request(event),
                event=event,
                lambda_context=lambda_context,
                serve=serve,
            )
        except _AnswerNotKept as not_kept:
            return not_kept.answer
        except IdempotencyAlreadyInProgressError:
            message = "A request with this Idempotency-Key is still in progress"
            return self._refuse(build_problem(409, message))
        except IdempotencyValidationError:
            return self._refuse(_build_key_problem("was used with another body"))
        except IdempotencyPersistenceLayerError as error:
            message = f"The Idempotency-Key cannot be recorded: {error}"
            return self._refuse(build_problem(503, message))
        return answer

    def _refuse(self, problem: JSONResponse) -> GatewayAnswer:
        return _encode_answer(self._extend_problem(problem) if self._extend_problem else problem)

    def _describe_request(self, event: Any) -> dict[str, object]:
        """Return what identifies the request, and what must be equal if it comes again."""
        return {
            "key": f"{self._context.principal} {event['routeKey']} {self._key}",
            # What is asked for besides the route itself; parts of the path belong to it too.
            "body": [
                event.get("body"),
                event.get("rawQueryString"),
                *(event.get("pathParameters") or {}).values(),
            ],
        }

    def _serve(
        self, *, request: Any, event: Any, lambda_context: Any, serve: ServeRequest
    ) -> GatewayAnswer:
        context = replace(self._context, attempt=self._records.attempt)
        answer = serve(event, lambda_context, context)
        if answer["statusCode"] >= 300:
            self._records.in_doubt = answer["statusCode"] >= 500
            raise _AnswerNotKept(answer)
        return answer


def _create_config() -> IdempotencyConfig:
    return IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="body",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=KEPT_SECONDS,
        hash_function="sha256",
    )


def _build_key_problem(message: str) -> JSONResponse:
    field = FieldProblem(field="Idempotency-Key", location="header", message=message)
    return build_problem(422, f"Invalid request: Idempotency-Key {message}", [field])


def _encode_answer(response: Response) -> GatewayAnswer:
    return {
        "statusCode": response.status_code,
        "headers": dict(response.headers),
        "body": bytes(response.body).decode(),
        "isBase64Encoded": False,
    }
