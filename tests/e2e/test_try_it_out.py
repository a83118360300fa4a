"""Every "Try it out" of /docs, with the values that the page fills in, on the example mesh."""

from collections.abc import Iterator

import pytest
import requests

from examples.mesh import STEPS, Step
from tests.e2e.api import Api
from tests.e2e.targets import make_run
from tests.e2e.try_it_out import Tried, iterate_requests

DATASET = "/domains/{domain}/{dataset}"


@pytest.fixture(scope="module")
def fresh() -> Iterator[Api]:
    """A registry with nothing but the example mesh in it."""
    with make_run.running() as api:
        yield api


def execute(api: Api, tried: Tried) -> requests.Response:
    key = {"Authorization": f"Bearer {api.key}"} if tried.needs_key else {}
    return api.call(
        tried.method, tried.path, params=tried.query, headers=tried.headers | key, json=tried.body
    )


def is_hiding(tried: Tried) -> bool:
    is_hidden = tried.path.startswith("/api/v1/") and "/tags/" not in tried.path
    return tried.method == "DELETE" and is_hidden


def test_every_operation_answers_2xx_from_the_top_of_the_page_to_its_end(fresh: Api) -> None:
    document = fresh.get("/openapi.json").json()
    refused = []
    # What is hidden from Marquez' clients would be missing further down.
    for tried in sorted(iterate_requests(document), key=is_hiding):
        answer = execute(fresh, tried)
        if tried.path.startswith("/requests/"):
            # A request for access has a random id, and nobody decides about a request of their own.
            assert (answer.status_code, "There is no request" in answer.text) == (404, True)
        elif not answer.ok:
            refused.append(f"{tried.method} {answer.url} answers {answer.text}")
    assert refused == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_data_of_every_example_is_read_with_the_other_values_left(
    fresh: Api, step: Step
) -> None:
    document = fresh.get("/openapi.json").json()
    page = {"paths": {DATASET: document["paths"][DATASET]}}
    [tried] = iterate_requests(page, domain=step.domain, dataset=step.name)
    answer = execute(fresh, tried)
    assert answer.status_code == 200, answer.text
    assert answer.json()
