"""The whole API against the model. PROPERTY_EXAMPLES=n runs n other sequences."""

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import MeshMachine

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES") or 0)
CI_EXAMPLES = 80
STEPS = 30


@pytest.fixture
def no_logs() -> Iterator[None]:
    """Thousands of requests would drown the sequence that fails."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_api_behaves_as_the_model(imported_functions: None, no_logs: None) -> None:
    run_state_machine_as_test(
        MeshMachine,
        settings=settings(
            max_examples=EXAMPLES or CI_EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            print_blob=True,
        ),
    )
