"""The feed of commits as callers see it who may not see everything."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.models.products import ProductUpdate
from datamesh.services.products import registration
from tests.archives import MemoryArchive
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Client, api_event
from tests.meshes import add_lineage, add_product
from tests.past import Timeline
from tests.unit.redaction.test_archives import redact

STRANGERS: Mapping[str, Mapping[str, Any]] = {
    "anonymous": {"principal": ANONYMOUS},
    "a key without grants": {"principal": "key:etl", "grants": ()},
    "a steward of another domain": {
        "principal": "key:sales",
        "grants": ({"role": "steward", "domain": "sales"},),
    },
}
READER = {"principal": "key:payroll", "grants": ({"role": "reader", "domain": "finance"},)}


@pytest.fixture
def timeline() -> Timeline:
    """Return a registry with public products, a renamed private one, and lineage between them."""
    timeline = Timeline()
    registry = timeline.registry
    add_product(registry, "orders")
    timeline.tick()
    add_product(registry, "pay", domain="finance", visibility="private")
    timeline.tick()
    add_lineage(registry, "orders", "pay")
    timeline.tick()
    registration.update_product(
        CONTEXT, registry, "pay", ProductUpdate.model_validate({"name": "salaries"})
    )
    timeline.tick()
    add_product(registry, "campaigns", domain="marketing")
    timeline.tick()
    add_lineage(registry, "orders", "campaigns")
    timeline.tick()
    return timeline


def follow(client: Client, caller: Mapping[str, Any], limit: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = "oldest"
    while True:
        query = {"after": after, "limit": limit}
        answer = client.send(api_event("GET", "/changes", query=query, **caller))
        assert answer.status == 200, answer.body
        if not answer.body["commits"]:
            return found
        found += answer.body["commits"]
        after = answer.body["next_cursor"]


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("is_deleted", [False, True])
def test_nothing_is_told_of_a_private_product(
    serve: Serve, timeline: Timeline, caller: str, is_deleted: bool
) -> None:
    if is_deleted:
        registration.delete_product(CONTEXT, timeline.registry, "salaries")
        timeline.tick()
    client = serve("analytics", timeline.resources())
    found = follow(client, STRANGERS[caller])
    assert [(each["document"], each["revision"]) for each in found] == [
        ("products.json", 1),
        ("products.json", 4),
        ("lineage.json", 3),
    ]
    assert "salaries" not in str(found)
    assert "pay" not in str(found)


def test_who_may_see_it_sees_its_commits(serve: Serve, timeline: Timeline) -> None:
    client = serve("analytics", timeline.resources())
    for caller in (READER, {}):
        found = follow(client, caller)
        assert [(each["document"], each["revision"]) for each in found] == [
            ("products.json", 1),
            ("products.json", 2),
            ("lineage.json", 1),
            ("products.json", 3),
            ("lineage.json", 2),  # under its new name
            ("products.json", 4),
            ("lineage.json", 3),
        ]


def test_a_product_that_becomes_private_was_never_seen(serve: Serve, timeline: Timeline) -> None:
    change = ProductUpdate.model_validate({"visibility": "private"})
    registration.update_product(CONTEXT, timeline.registry, "orders", change)
    timeline.tick()
    found = follow(serve("analytics", timeline.resources()), STRANGERS["anonymous"])
    assert [(each["document"], each["revision"]) for each in found] == [("products.json", 4)]


def test_text_that_was_redacted_is_not_shown(serve: Serve) -> None:
    timeline = Timeline()
    archives: tuple[MemoryArchive, ...] = (timeline.products_archive, timeline.lineage_archive)
    add_product(timeline.registry, "orders", description="by jane-doe")
    timeline.tick(hours=30)
    change = ProductUpdate.model_validate({"description": "by nobody"})
    registration.update_product(CONTEXT, timeline.registry, "orders", change)
    timeline.tick(hours=30)
    add_product(timeline.registry, "revenue")
    timeline.archive()
    timeline.products.expire(2)
    timeline.tick(hours=30)
    client = serve("analytics", timeline.resources())
    assert "jane-doe" in json.dumps(follow(client, {}))
    assert sum(map(redact, archives)) > 1
    found = follow(client, {})
    assert [each["revision"] for each in found] == [1, 2, 3]
    assert "jane-doe" not in json.dumps(found)
