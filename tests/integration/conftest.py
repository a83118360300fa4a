"""An S3 whose answers the tests give."""

from collections.abc import Iterator

import pytest

from tests.integration.answers import Answers, answering


@pytest.fixture
def answers() -> Iterator[Answers]:
    with answering() as found:
        yield found
