"""A text that was redacted is found by no search, by an index either that had it."""

from typing import Any

import pytest

from datamesh.services.redaction.documents import redact_document
from datamesh.services.redaction.texts import RedactedText
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Client
from tests.meshes import add_product, resources

TEXT = "Vorotnikova"


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    """One function, which keeps its index between requests."""
    add_product(registry, "complaints", description=f"Ask {TEXT} for access")
    add_product(registry, "orders", owner=f"{TEXT}@example.com")
    return serve("search", resources(registry))


def find_names(client: Client, text: str) -> list[Any]:
    answer = client.get("/search", q=text)
    assert answer.status == 200, answer.body
    return sorted(each["name"] for each in answer.body["results"])


@pytest.mark.parametrize("asked", [TEXT, TEXT.lower(), TEXT[:6], "Vorotnikowa"])
def test_the_index_forgets_it(client: Client, registry: Registry, asked: str) -> None:
    assert find_names(client, asked) == ["complaints", "orders"]
    assert redact_document(CONTEXT, registry.products, RedactedText(TEXT))
    assert find_names(client, asked) == []
    assert find_names(client, "access") == ["complaints"]
    assert TEXT not in str(client.get("/search", q="complaints").body)
