"""Events of a private product stay hidden when the product is gone."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import Bucket, event_pipeline, mesh, product_body, resources

RUN = "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"
SECRET = {"namespace": "vault", "name": "salaries"}
JOB = {"namespace": "payroll", "name": "pay_people"}
READS = (
    "/api/v1/events/lineage",
    "/api/v1/jobs",
    "/api/v1/namespaces",
    "/api/v1/namespaces/payroll/jobs/pay_people",
    f"/api/v1/jobs/runs/{RUN}",
    "/api/v1/search?q=pay",
    "/api/v1/namespaces/vault/datasets",
)
CONTRIBUTOR = ({"role": "contributor", "domain": "hr", "namespaces": ["vault"]},)
STRANGER = ({"role": "contributor", "domain": "sales", "namespaces": ["vault"]},)


class Mesh:
    """A registry with a private product that a job writes."""

    def __init__(self, serve: Serve) -> None:
        held = resources(mesh(), bucket=Bucket(), events=event_pipeline())
        self.clients: dict[str, Client] = {
            area: serve(area, held) for area in ("products", "openlineage", "marquez")
        }
        self.write("POST", "/register_product", self.describe("pay"))
        self.send_event()

    def describe(self, name: str, **more: Any) -> Mapping[str, Any]:
        fields = {"visibility": "private", "openlineage": [SECRET], "domain": "hr", **more}
        return product_body(name=name, **fields)

    def send_event(
        self,
        job: str = JOB["name"],
        outputs: Sequence[Any] = (SECRET,),
        run: str = RUN,
        parent: str | None = None,
    ) -> None:
        facet = {"run": {"runId": RUN}, "job": {**JOB, "name": parent}}
        event = {
            "eventType": "COMPLETE",
            "eventTime": "2026-01-31T09:30:00Z",
            "run": {"runId": run, "facets": {"parent": facet} if parent else {}},
            "job": {**JOB, "name": job},
            "inputs": [],
            "outputs": outputs,
            "producer": "https://example.com",
        }
        sent = self.clients["openlineage"].send(api_event("POST", "/api/v1/lineage", event))
        assert sent.status == 201

    def ask(
        self, method: str, path: str, body: Any = None, grants: Sequence[Any] | None = None
    ) -> Answer:
        caller: dict[str, Any] = (
            {} if grants is None else {"principal": "key:etl", "grants": grants}
        )
        return self.clients["products"].send(api_event(method, path, body, **caller))

    def write(self, method: str, path: str, body: Any = None) -> None:
        assert self.ask(method, path, body).status == 200

    def read_all(self, reads: Sequence[str] = READS, **caller: Any) -> str:
        """Return what all reads answer, without what they are asked for."""
        found = []
        for path in reads:
            path, _, text = path.partition("?")
            query = dict([text.split("=")]) if text else {}
            event = api_event("GET", path, query=query, **caller)
            answer = self.clients["marquez"].send(event)
            found.append("" if answer.status == 404 else answer.content.decode())
        return "".join(found)


@pytest.fixture
def private(serve: Serve) -> Mesh:
    return Mesh(serve)


GIVING_UP: Mapping[str, Sequence[tuple[str, str, Any]]] = {
    "deleted": [("DELETE", "/product/pay", None)],
    "renamed and deleted": [
        ("PUT", "/product/pay", {"name": "wages"}),
        ("DELETE", "/product/wages", None),
    ],
    "without its name": [("PUT", "/product/pay", {"openlineage": []})],
    "without its name, and shown": [
        ("PUT", "/product/pay", {"openlineage": [], "visibility": "internal"})
    ],
}


@pytest.mark.parametrize("how", GIVING_UP)
def test_events_of_a_private_product_that_is_gone_stay_hidden(private: Mesh, how: str) -> None:
    for write in GIVING_UP[how]:
        private.write(*write)
    for _ in range(2):
        found = private.read_all(principal=ANONYMOUS)
        assert "salaries" not in found
        assert "pay_people" not in found
        assert "salaries" in private.read_all(principal="key:etl", grants=CONTRIBUTOR)
        private.send_event()  # the pipeline goes on


def test_a_name_that_was_private_is_registered_by_its_domain_alone(private: Mesh) -> None:
    private.write("DELETE", "/product/pay")
    body = private.describe("mine", visibility="internal")
    answer = private.ask("POST", "/register_product", {**body, "domain": "sales"}, STRANGER)
    assert answer.status == 409
    assert private.ask("POST", "/register_product", body, CONTRIBUTOR).status == 200
    assert "pay_people" in private.read_all(principal=ANONYMOUS)


def test_a_product_that_is_shown_shows_its_events(private: Mesh) -> None:
    private.write("DELETE", "/product/pay")
    private.write("POST", "/register_product", private.describe("pay"))
    assert "pay_people" not in private.read_all(principal=ANONYMOUS)
    private.write("PUT", "/product/pay", {"visibility": "internal"})
    assert "pay_people" in private.read_all(principal=ANONYMOUS)


def test_a_job_whose_tasks_are_all_hidden_is_hidden_with_them(private: Mesh) -> None:
    reads = ("/api/v1/jobs", "/api/v1/events/lineage", "/api/v1/namespaces/payroll/jobs/all_pay")
    runs = [f"0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b1{number}" for number in range(4)]
    private.send_event("all_pay", (), runs[0])
    private.send_event("all_pay.each", (), runs[1], parent="all_pay")
    private.send_event("all_pay.each.one", run=runs[2], parent="all_pay.each")
    assert "all_pay" not in private.read_all(reads, principal=ANONYMOUS)
    assert "all_pay" in private.read_all(reads, principal="key:etl", grants=CONTRIBUTOR)
    shown = {"namespace": "shop", "name": "orders"}
    private.send_event("all_pay.other", (shown,), runs[3], parent="all_pay")
    found = private.read_all(reads, principal=ANONYMOUS)
    assert '"all_pay"' in found
    assert "all_pay.each" not in found
