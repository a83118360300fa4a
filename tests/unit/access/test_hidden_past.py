"""The past of a private product is hidden, whatever becomes of the names that it had."""

from datetime import datetime

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.models.products import ProductUpdate
from datamesh.services.products import registration
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, api_event
from tests.meshes import add_product, add_products
from tests.past import Timeline


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


def change(timeline: Timeline, name: str, /, **fields: str) -> datetime:
    update = ProductUpdate.model_validate(fields)
    registration.update_product(CONTEXT, timeline.registry, name, update)
    return timeline.tick()


def add(timeline: Timeline, name: str, **fields: str) -> datetime:
    add_product(timeline.registry, name, **fields)
    return timeline.tick()


def delete(timeline: Timeline, name: str) -> datetime:
    registration.delete_product(CONTEXT, timeline.registry, name)
    return timeline.tick()


def read(serve: Serve, timeline: Timeline, moment: datetime, *, sees: bool = False) -> Answer:
    """Return the products of a moment as somebody sees them who may see the hidden ones or not."""
    client = serve("products", timeline.resources())
    grants = ({"role": "reader", "domain": "finance"},)
    caller = {"principal": "key:etl", "grants": grants} if sees else {"principal": ANONYMOUS}
    query = {"as_of": moment.isoformat()}
    return client.send(api_event("GET", "/products", query=query, **caller))


def list_names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["name"] for each in answer.body]


@pytest.mark.parametrize("is_renamed_too", [False, True])
def test_whoever_takes_its_name_sees_no_past_of_it(
    serve: Serve, timeline: Timeline, is_renamed_too: bool
) -> None:
    then = add(timeline, "pay", domain="finance")
    change(timeline, "pay", name="salaries", visibility="private")
    assert list_names(read(serve, timeline, then)) == []
    add(timeline, "pay")
    if is_renamed_too:
        change(timeline, "pay", name="payments")
    assert list_names(read(serve, timeline, then)) == []
    assert list_names(read(serve, timeline, then, sees=True)) == ["pay"]


def test_the_past_of_another_product_of_its_name_is_seen(serve: Serve, timeline: Timeline) -> None:
    then = add(timeline, "pay")
    delete(timeline, "pay")
    add(timeline, "pay", domain="finance", visibility="private")
    change(timeline, "pay", name="salaries")
    assert list_names(read(serve, timeline, then)) == ["pay"]
    add(timeline, "pay", domain="finance", visibility="private")
    assert list_names(read(serve, timeline, then)) == ["pay"]


def test_what_was_registered_with_it_is_seen(serve: Serve, timeline: Timeline) -> None:
    add_products(timeline.registry, ["orders", "pay", "gone"])
    then = timeline.tick()
    change(timeline, "pay", domain="finance", visibility="private")
    change(timeline, "orders", name="sold")
    delete(timeline, "gone")
    assert list_names(read(serve, timeline, then)) == ["orders", "gone"]
