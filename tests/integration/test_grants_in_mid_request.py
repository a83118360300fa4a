"""A grant that is taken back while a request runs, over the real S3 server.

Rivals come at one moment each: within the change, or before its PUT, as another request would.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from datamesh.aws.observability import Observer
from datamesh.services.access.grants import revoke_grant
from datamesh.settings import load_settings
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.wiring.composition import create_resources
from datamesh.wiring.resources import Resources
from dev.storage.s3 import S3
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.lambdas import ENVIRONMENT, Answer, Client, api_event, create_function_client
from tests.meshes import add_product, product_body

ETL = "key:etl"
CONTRIBUTOR = {"principal": ETL, "role": "contributor", "domain": "sales"}


class RivalDocument(Document[ProductsFile]):
    """The products, whose next PUTs are preceded by what rivals do."""

    rivals: list[Callable[[], None]]

    def _put_file(self, *args: Any, **named: Any) -> None:
        if self.rivals:
            self.rivals.pop(0)()
        super()._put_file(*args, **named)


@dataclass
class Mesh:
    resources: Resources
    rival: Resources
    """The resources of another execution environment."""
    clients: Mapping[str, Client]

    def send(self, area: str, method: str, path: str, body: Any = None, **caller: Any) -> Answer:
        return self.clients[area].send(api_event(method, path, body, **caller))

    def revoke(self) -> None:
        access = self.rival.open_access()
        [grant] = access.read(NO_DEADLINE).grants
        revoke_grant(CONTEXT, access, grant)

    def overtake(self, name: str) -> None:
        add_product(self.rival.registry, name)

    def list_names(self) -> set[str]:
        return {each["name"] for each in self.send("products", "GET", "/products").body}


@pytest.fixture
def mesh(
    s3: S3, environment: dict[str, str], imported_functions: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mesh]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "a-stack")
    settings = load_settings(ENVIRONMENT | environment | {"CATALOG_BUCKET": s3.bucket})
    resources = create_resources(settings, Observer("WARNING"))
    document = resources.registry.products
    document.__class__ = RivalDocument
    assert isinstance(document, RivalDocument)
    document.rivals = []
    clients = {
        area: create_function_client(area, resources)
        for area in ("products", "access", "domains", "marquez_writes")
    }
    rival = create_resources(settings, Observer("WARNING"))
    made = Mesh(resources, rival, clients)
    for name in made.list_names():
        assert made.send("products", "DELETE", f"/product/{name}").status == 200
    assert made.send("products", "POST", "/register_product", product_body()).status == 200
    assert made.send("access", "POST", "/grants", CONTRIBUTOR).status == 200
    yield made
    for grant in made.send("access", "GET", "/grants").body:
        assert made.send("access", "DELETE", f"/grants/{grant['id']}").status == 200


def add_rival(mesh: Mesh, act: Callable[[], None]) -> None:
    document = mesh.resources.registry.products
    assert isinstance(document, RivalDocument)
    document.rivals.append(act)


def test_a_write_that_lost_its_race_is_decided_by_the_grants_of_now(mesh: Mesh) -> None:
    def take_back_and_overtake() -> None:
        mesh.revoke()
        mesh.overtake("overtaking")

    add_rival(mesh, take_back_and_overtake)
    body = product_body(name="late")
    answer = mesh.send("products", "POST", "/register_product", body, principal=ETL, grants=())
    assert answer.status == 403, answer.body
    assert mesh.list_names() == {"orders", "overtaking"}


def test_a_write_that_was_decided_before_its_commit_is_decided_again(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check reads files, which takes long, between its first decision and its commit."""
    from datamesh.services.checks import runs

    run_checks = runs.run_checks

    def take_back_and_run_checks(*args: Any) -> Any:
        mesh.revoke()
        return run_checks(*args)

    monkeypatch.setattr(runs, "run_checks", take_back_and_run_checks)
    path = "/domains/sales/orders/check"
    answer = mesh.send("domains", "POST", path, principal=ETL, grants=())
    assert answer.status == 403, answer.body
    [orders] = mesh.send("products", "GET", "/products").body
    assert orders["quality"] is None


def test_a_steward_whose_grant_is_taken_back_makes_no_key(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grants and keys are one object: whoever is overtaken there is decided again."""
    steward = {**CONTRIBUTOR, "role": "steward"}
    mesh.revoke()
    assert mesh.send("access", "POST", "/grants", steward).status == 200
    access = mesh.resources.open_access()
    put = type(access)._put_file
    rivals = [mesh.revoke]

    def overtake(document: Any, *args: Any, **named: Any) -> None:
        if document is access and rivals:
            rivals.pop()()
        put(document, *args, **named)

    monkeypatch.setattr(Document, "_put_file", overtake)
    scope = {"role": "reader", "domain": "sales"}
    body = {"id": "late", "owner": "sales", "grants": [scope]}
    answer = mesh.send("access", "POST", "/keys", body, principal=ETL, grants=())
    assert answer.status == 403, answer.body
    assert mesh.send("access", "GET", "/keys").body == []


def test_a_grant_that_stays_is_enough_however_often_a_race_is_lost(mesh: Mesh) -> None:
    for name in ("overtaking", "again"):
        add_rival(mesh, partial(mesh.overtake, name))
    body = product_body(name="late")
    answer = mesh.send("products", "POST", "/register_product", body, principal=ETL, grants=())
    assert answer.status == 200, answer.body
