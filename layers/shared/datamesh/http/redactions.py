"""Answers to a redaction: whether the same request has to be sent again, and when."""

import math

from fastapi import Response

from datamesh.http.errors import Responses
from datamesh.models.redactions import Redaction, RedactionState
from datamesh.models.responses import Written
from datamesh.models.values import utc_now

UNFINISHED: Responses = {
    202: {
        "model": Written[Redaction],
        "description": "The redaction is not done: send the same request again",
        "headers": {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"}
        },
    }
}

MESSAGES = {
    RedactionState.RUNNING: "Not everything was looked at yet; send the same request again",
    RedactionState.SETTLING: "The text is removed; send the same request again from `continue_at`"
    " on, which looks for what requests in flight have brought back",
    RedactionState.DONE: "The text is removed",
}


def describe_redaction(act: Redaction, response: Response) -> Written[Redaction]:
    """Return the answer that says how far a redaction is; 202 if it is not done."""
    if act.continue_at:
        response.status_code = 202
        seconds = math.ceil(max((act.continue_at - utc_now()).total_seconds(), 0))
        response.headers["retry-after"] = str(seconds)
    return Written(message=MESSAGES[act.state], data=act)
