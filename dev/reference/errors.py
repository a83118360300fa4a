"""The page of errors, from the table that maps them to statuses."""

import inspect

from datamesh.http.errors import DESCRIPTIONS, STATUS, STATUSES_TO_RETRY
from datamesh.models.bulk import BulkReport
from dev.reference.markdown import as_code, join_lines, render_table

INTRODUCTION = """\
# Errors

Every error has the same body: `{"success": false, "message": "..."}`. When fields or parameters
were refused, `"errors": [{"field", "location", "message"}]` names each of them. API Gateway
answers 401, 403 and its own limits (413, 429) before a function is called; then the body is
`{"message": "..."}` alone.

[Requests and responses](../guides/requests.md#errors) says what to do about them."""

KNOWN = ("<class 'str'>", "<class 'int'>", "datetime.date", "list[", "dict[", "BulkReport")
"""Types of parameters that a sample can be made of."""


def render_errors() -> str:
    """Return the page: all statuses, then the errors behind each."""
    lines = INTRODUCTION.splitlines()
    lines += render_table(
        ("status", "meaning", "`Retry-After`"),
        (
            (f"[{status}](#{status})", meaning, "yes" if status in STATUSES_TO_RETRY else "")
            for status, meaning in DESCRIPTIONS.items()
        ),
    )
    for status, meaning in DESCRIPTIONS.items():
        lines += ["", f"## {status}", "", f"{meaning}."]
        if raised := [error for error, of in STATUS.items() if of == status]:
            rows = (
                (as_code(error.__name__), _describe(error), as_code(build_sample_message(error)))
                for error in raised
            )
            lines += render_table(("error", "when", "message"), rows)
    return "\n".join(lines) + "\n"


def _describe(error: type[Exception]) -> str:
    own = vars(error).get("__doc__") or ""
    return join_lines(inspect.cleandoc(own).partition("\n\n")[0])


def build_sample_message(error: type[Exception]) -> str:
    """Return the message with `<parameter>` in place of each value, or nothing if it varies."""
    if "__init__" not in vars(error):
        return ""
    _, *parameters = inspect.signature(error.__init__).parameters.values()
    if not all(str(each.annotation).startswith(KNOWN) for each in parameters):
        return ""
    return join_lines(str(error(*map(_build_sample_value, parameters))))


def _build_sample_value(parameter: inspect.Parameter) -> object:
    shown = f"<{parameter.name}>"
    match str(parameter.annotation):
        case kind if kind.startswith("list[tuple"):
            return [("<field>", "<message>")]
        case kind if kind.startswith("list"):
            return [shown]
        case kind if kind.startswith("dict"):
            return {"<parameter>": "<message>"}
        case "BulkReport":
            return BulkReport(registered=998, refused=2, items=[])
    return shown
