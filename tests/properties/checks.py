"""Checks that Schemathesis runs besides its own (loaded through schemathesis.toml)."""

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.generation import GenerationMode

REASONS = re.compile(
    r"start_date \S+ is after end_date |Lineage names unknown products: |Nothing was registered: "
    r"|.*Idempotency-Key"
    r"|.* \(DataLocations\)|The cursor |.*: there is no column |.*: is given twice"
    r"|.*partitions must differ|.*differ by upper and lower case alone"
    r"|.*only the data of a Delta table has a past|.*the table begins at "
    r"|.*leave out `(csv|partitions)`: |.*must have the year |.* must differ from quote and escape"
    r"|.*an escape needs a quote|.*nulls must not have the delimiter"
    r"|since \S+ is after until |since and until are more than "
    r"|.*: is required, or `after` to|.*: cannot be sent with `after`"
    r"|.*after: (is no cursor of|belongs to) a feed"
    r"|.*must be the name of a time zone"
    # A blank of Python that is none of regular expressions in JSON Schema, such as U+0085.
    r"|Invalid request: schema\.\s*\.\[key\]: String should have at least 1 character"
    r"|columns\.\d+\.(source|target): |.*pairs of columns must differ"
    r"|restricted_columns: '|.*must be \* for the role admin|.*a reader sends no events"
    # Columns that do not fit together, and patterns that RE2 does not run.
    r"|[\s\S]*must be a pattern that RE2 runs, got |[\s\S]*columns: (each needs a name|names must )"
    r"|[\s\S]*differ by case alone|[\s\S]*(min_\w+|\w*minimum) must not be greater than "
    r"|[\s\S]*has the position \d+ already|[\s\S]*, as the schema has it"
    r"|[\s\S]*must not have another name|[\s\S]*restricted_columns names it"
    r"|[\s\S]*only a column of the schema itself can be|[\s\S]*nested at most \d+ deep"
    r"|deprecation\.replacement: '|[\s\S]*deprecation\.sunset must not be before "
    r"|[\s\S]*must be longer than no time|[\s\S]*give at least one of freshness, latency"
    r"|Invalid contract: |The contract has no object '"
    r"|version of '|The number -?\d+ is too large"
    r"|.*`days` says it already|.*must lie within the next 365 days|.*must lie in the future"
)
"""Why a request that the document allows may be answered 400 or 422."""


MARQUEZ_WRITES = ("post", "put", "delete")


@schemathesis.check
def undeclared_methods_are_not_found(
    ctx: CheckContext, response: Response, case: Case[Any]
) -> None:
    """An HTTP API has no 405: a method without a route is a route that does not exist.

    One route takes all writes of Marquez' API, so that the authorizer is asked first.
    """
    declared = case.operation.schema.raw_schema["paths"][case.operation.path]
    method = str(response.request.method).lower()
    if method not in declared and method != "options":
        is_taken = case.operation.path.startswith("/api/v1/") and method in MARQUEZ_WRITES
        if is_taken and response.status_code == 401:
            assert "authorization" not in map(str.lower, response.request.headers)
            return
        assert response.status_code == 404, f"{method} answered {response.status_code}"
        assert response.json()["message"] == "Not Found"


@schemathesis.check
def valid_requests_are_refused_for_a_reason(
    ctx: CheckContext, response: Response, case: Case[Any]
) -> None:
    meta = case.meta
    if (
        response.status_code in (400, 422)
        and meta
        and meta.generation.mode is GenerationMode.POSITIVE
    ):
        assert REASONS.match(response.json()["message"]), response.text


@schemathesis.check
def errors_are_explained(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    if response.status_code >= 400:
        assert response.json()["message"]
        assert ("retry-after" in response.headers) == (response.status_code in (429, 503))
