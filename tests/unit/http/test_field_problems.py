"""The reasons of errors that are about one field."""

from datetime import UTC, datetime

import pytest

from datamesh.errors.access import GrantEnded, InvalidAccessEnd
from datamesh.errors.base import MeshError
from datamesh.http.field_problems import list_field_problems


@pytest.mark.parametrize(
    ("error", "field", "reason"),
    [
        (InvalidAccessEnd("must be near"), "until", "must be near"),
        (GrantEnded("expires_at", datetime(2020, 1, 1, tzinfo=UTC)), "expires_at", "must lie in"),
    ],
)
def test_the_reason_does_not_say_the_field_again(error: MeshError, field: str, reason: str) -> None:
    [problem] = list_field_problems(error) or []
    assert problem.field == field
    assert problem.message.startswith(reason)
    assert str(error).startswith(f"Invalid request: {field}: {reason}")
