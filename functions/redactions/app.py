"""Remove a text from the registry and its past; the one function that may delete versions."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os

from fastapi import Depends, Response

from datamesh.http.access import declare_read, declare_write
from datamesh.http.app import create_app, require_principal
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.http.redactions import UNFINISHED, describe_redaction
from datamesh.http.secret_answers import SECRET_ANSWER
from datamesh.models.access import Role
from datamesh.models.read_access import ReadKind
from datamesh.models.redactions import Redaction, RedactionRequest
from datamesh.models.responses import Written
from datamesh.services.redaction.acts import list_redactions

app = create_app("Redactions")


@app.post(
    "/redactions",
    responses=UNFINISHED | document_errors(400, 401, 403, 409, 413, 422, 429, 503),
    dependencies=SECRET_ANSWER,
)
@declare_write(Role.ADMIN)
async def redact_text(
    request: RedactionRequest,
    context: CurrentContext,
    resources: CurrentResources,
    response: Response,
) -> Written[Redaction]:
    """Redact a text.

    Everything that the registry has stored shows `[redacted]` instead of it, as it is now and as it
    was, and the versions that hold it are deleted. That takes several requests: as long as the
    answer is 202, send the same request again, from `continue_at` on. The text is in no answer and
    is not kept. Domain data is not touched. No `Idempotency-Key` is taken: a repetition goes on.
    """
    act = resources.open_redactor().redact(context, request)
    return describe_redaction(act, response)


@app.get(
    "/redactions",
    responses=document_errors(401, 403, 503),
    dependencies=[Depends(require_principal)],
)
@declare_read(ReadKind.KEYED, Role.ADMIN)
async def list_acts(context: CurrentContext, resources: CurrentResources) -> list[Redaction]:
    """List redactions, the earliest first.

    Administrators see who has asked for each, how far it is and what it has changed; the text
    itself is not known any more.
    """
    return list_redactions(context, resources.open_redactor().acts)


handler = create_lambda_handler(app, os.environ)
