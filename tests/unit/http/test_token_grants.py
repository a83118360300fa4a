"""A token writes if it is an admin's: no service decides by domain yet."""

import json
import re
from importlib import import_module
from typing import Any

import pytest
from fastapi.routing import APIRoute

from datamesh.http.gateway import SAFE_METHODS
from tests.conftest import Serve
from tests.lambdas import AREAS, Answer, api_event, assert_problem
from tests.meshes import product_body

READING = ("marquez", "analytics", "audit", "platform")
PRINCIPAL = "jwt:https://login.example.com#ada"


def register(serve: Serve, authorizer: dict[str, str]) -> Answer:
    event: dict[str, Any] = api_event("POST", "/register_product", product_body())
    event["requestContext"]["authorizer"]["lambda"] = authorizer
    return serve("products").send(event)


def test_a_token_of_an_admin_writes(serve: Serve) -> None:
    grants = [{"role": "reader", "domain": "sales"}, {"role": "admin", "domain": "*"}]
    answer = register(serve, {"principal": PRINCIPAL, "grants": json.dumps(grants)})
    assert answer.status == 200


def test_a_key_writes(serve: Serve) -> None:
    assert register(serve, {"principal": "key-1"}).status == 200


@pytest.mark.parametrize(
    "authorizer",
    [
        {"principal": PRINCIPAL},
        {"principal": PRINCIPAL, "grants": ""},
        {"principal": PRINCIPAL, "grants": "[]"},
        {"principal": PRINCIPAL, "grants": '[{"role": "contributor", "domain": "*"}]'},
        {"principal": PRINCIPAL, "grants": '[{"role": "admin", "domain": "sales"}]'},
        {
            "principal": PRINCIPAL,
            "grants": '[{"role": "admin", "domain": "*", "namespaces": ["postgres://sales"]}]',
        },
    ],
)
def test_another_token_is_refused(serve: Serve, authorizer: dict[str, str]) -> None:
    assert_problem(
        register(serve, authorizer),
        403,
        "This needs the role admin in the domain *, which the token does not grant; an operator"
        " maps claims to grants (JwtGrants)",
    )


@pytest.mark.parametrize("area", AREAS)
def test_no_write_of_any_area_takes_a_lesser_token(serve: Serve, area: str) -> None:
    writes = {
        (method, route.path)
        for route in import_module(f"functions.{area}.app").app.routes
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - SAFE_METHODS
    }
    assert bool(writes) is (area not in READING)
    for method, path in writes:
        event: dict[str, Any] = api_event(method, re.sub(r"\{[^}]+\}", "x", path), {})
        event["requestContext"]["authorizer"]["lambda"] = {"principal": PRINCIPAL, "grants": "[]"}
        assert serve(area).send(event).status == 403, (method, path)


@pytest.mark.parametrize(
    ("area", "path"), [("audit", "/audit"), ("domains", "/domains/sales/orders/files")]
)
def test_so_is_it_where_a_read_needs_a_key(serve: Serve, area: str, path: str) -> None:
    event: dict[str, Any] = api_event("GET", path)
    event["requestContext"]["authorizer"]["lambda"] = {"principal": PRINCIPAL, "grants": "[]"}
    assert serve(area).send(event).status == 403
