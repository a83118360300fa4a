"""The part of a record about a change, and the part of it that a steward reads."""

from collections.abc import Callable
from typing import Any

import pytest

from datamesh.services.audit.summaries import MAX_BYTES, MAX_CHANGES, MAX_FIELDS
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import Bucket, lineage_body, mesh, product_body, resources

AREAS = ("products", "lineage", "access", "audit", "redactions")
SALES = {"role": "steward", "domain": "sales"}
FINANCE = {"role": "steward", "domain": "finance"}


@pytest.fixture
def clients(serve: Serve) -> dict[str, Client]:
    held = resources(mesh(), bucket=Bucket())
    return {area: serve(area, held) for area in AREAS}


type Read = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def read(clients: dict[str, Client]) -> Read:
    """Read the trail with some grants, by default those of an administrator."""

    def read_trail(*grants: dict[str, str], **query: object) -> list[dict[str, Any]]:
        caller: dict[str, Any] = {"principal": "key:reader", "grants": grants} if grants else {}
        answer = clients["audit"].send(api_event("GET", "/audit", query=query, **caller))
        assert answer.status == 200, answer.body
        records: list[dict[str, Any]] = answer.body["records"]
        return records

    return read_trail


def register(clients: dict[str, Client], **fields: Any) -> None:
    answer = clients["products"].post("/register_product", product_body(**fields))
    assert answer.status == 200, answer.body


def link(clients: dict[str, Client], source: str, target: str) -> Answer:
    body = lineage_body(source=source, target=target)
    return clients["lineage"].post("/register_lineage", body)


def tell(record: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields of the only change of a record."""
    [commit] = record["commits"]
    [change] = commit["changes"]
    return {each["name"]: (each["before"], each["after"]) for each in change["fields"]}


def test_a_change_is_told_from_what_to_what(clients: dict[str, Client], read: Read) -> None:
    register(clients, schema={"id": "string", "amount": "decimal"})
    clients["products"].put(
        "/product/orders", {"owner": "another", "schema": {"id": "integer", "amount": "decimal"}}
    )
    told = tell(read()[-1])
    assert told["owner"] == (product_body()["owner"], "another")
    assert told["schema.id"] == ("string", "integer")
    assert "schema.amount" not in told
    assert not {"updated_at", "created_at", "name"} & told.keys()


def test_a_new_name_is_a_change(clients: dict[str, Client], read: Read) -> None:
    register(clients)
    clients["products"].put("/product/orders", {"name": "purchases"})
    record = read()[-1]
    assert tell(record)["name"] == ("orders", "purchases")
    [commit] = record["commits"]
    assert (commit["changed"], commit["changes"][0]["id"]) == (1, "purchases")
    assert commit["domains"] == {
        "sales": {"added": 0, "changed": 1, "removed": 0, "products": ["orders", "purchases"]}
    }


def test_what_was_removed_is_told(clients: dict[str, Client], read: Read) -> None:
    register(clients, description="d" * 1000)
    clients["products"].delete("/product/orders")
    [change] = read()[-1]["commits"][0]["changes"]
    [description] = [each for each in change["fields"] if each["name"] == "description"]
    assert description == {"name": "description", "before": None, "after": None, "cut": True}


def test_grants_and_keys_are_told_without_digests(clients: dict[str, Client], read: Read) -> None:
    body = {"id": "etl", "owner": "sales-team", "grants": [SALES], "days": 9}
    assert clients["access"].post("/keys", body).status == 200
    [commit] = read()[-1]["commits"]
    kinds = [(each["kind"], each["domains"]) for each in commit["changes"]]
    assert kinds == [("grant", ["sales"]), ("key", ["sales"])]
    names = {field["name"] for each in commit["changes"] for field in each["fields"]}
    assert "owner" in names
    assert not names & {"secrets", "digest"}


def test_a_record_of_many_changes_is_bounded(clients: dict[str, Client], read: Read) -> None:
    wide = {f"column_{number}" * 3: "string" for number in range(200)}
    items = [product_body(name=f"p{number}", schema=wide) for number in range(100)]
    assert clients["products"].post("/products/bulk", {"items": items}).status == 200
    register(clients, name="wide", schema=wide)
    clients["products"].put("/product/wide", {"schema": dict.fromkeys(wide, "integer")})
    first, *_, last = read()
    [commit] = first["commits"]
    assert len(commit["changes"]) + commit["more_changes"] == 100
    assert len(commit["changes"]) <= MAX_CHANGES
    assert len(str(commit["changes"])) < 2 * MAX_BYTES
    [change] = last["commits"][0]["changes"]
    assert len(change["fields"]) == MAX_FIELDS
    assert change["more_fields"] >= len(wide) - MAX_FIELDS


def test_the_log_tells_no_values(
    clients: dict[str, Client], capsys: pytest.CaptureFixture[str]
) -> None:
    register(clients, description="a-password-in-a-text")
    clients["products"].put("/product/orders", {"description": "better"})
    assert "a-password-in-a-text" not in capsys.readouterr().out


# what stewards read


def test_a_steward_reads_what_is_of_the_domain(clients: dict[str, Client], read: Read) -> None:
    register(clients)
    register(clients, name="salaries", domain="finance", visibility="private")
    [record] = read(SALES)
    assert record["commits"][0]["products"] == ["orders"]
    assert (record["roles"], record["cut"]) == ({"sales": "admin"}, False)
    assert [each["commits"][0]["products"] for each in read(SALES, FINANCE)] == [
        ["orders"],
        ["salaries"],
    ]
    assert read(SALES, product="salaries") == []


@pytest.mark.parametrize("role", ["reader", "contributor"])
def test_whoever_is_no_steward_reads_none(clients: dict[str, Client], role: str) -> None:
    grants = [{"role": role, "domain": "sales"}]
    event = api_event("GET", "/audit", principal="key:etl", grants=grants)
    assert clients["audit"].send(event).status == 403


def test_what_is_of_two_domains_is_cut(clients: dict[str, Client], read: Read) -> None:
    register(clients)
    register(clients, name="salaries", domain="finance")
    assert link(clients, "salaries", "orders").status == 200
    delete(clients, "salaries")
    mine = read(SALES)
    assert "salaries" not in str(mine)
    assert [each["route"] for each in mine][1:] == [
        "POST /register_lineage",
        "DELETE /product/{name}",
    ]
    for record in mine[1:]:
        [commit] = record["commits"]
        assert (commit["document"], commit["products"]) == ("lineage.json", ["orders"])
        assert [each["fields"] for each in commit["changes"]] == [[]]
        assert (record["cut"], record["path"]) == (True, "")
    assert len(read(SALES, FINANCE)[2]["commits"][0]["changes"][0]["fields"]) > 0


def test_lineage_of_a_private_product_is_told_to_its_own_domain_alone(
    clients: dict[str, Client], read: Read
) -> None:
    register(clients)
    register(clients, name="salaries", domain="finance", visibility="private")
    assert link(clients, "salaries", "orders").status == 200
    clients["products"].put("/product/salaries", {"name": "pay"})
    delete(clients, "pay")
    assert [each["route"] for each in read(SALES)] == ["POST /register_product"]
    linked, _, gone = read(FINANCE)[1:]
    for record, name in ((linked, "salaries"), (gone, "pay")):
        [found] = [each for each in record["commits"] if each["document"] == "lineage.json"]
        assert name in found["products"]


def delete(clients: dict[str, Client], name: str) -> None:
    gone = api_event("DELETE", f"/product/{name}", route="DELETE /product/{name}")
    assert clients["products"].send(gone).status == 200


def test_a_product_that_moves_is_told_to_both(clients: dict[str, Client], read: Read) -> None:
    register(clients)
    clients["products"].put("/product/orders", {"domain": "finance"})
    for grant in (SALES, FINANCE):
        assert tell(read(grant)[-1])["domain"] == ("sales", "finance")


def test_a_refusal_is_told_to_the_stewards_of_its_domain(
    clients: dict[str, Client], read: Read
) -> None:
    register(clients)
    clients["products"].send(
        api_event(
            "DELETE",
            "/product/orders",
            principal="key:etl",
            grants=[{"role": "contributor", "domain": "sales"}],
        )
    )
    record = read(SALES)[-1]
    assert (record["status"], record["principal"], record["roles"]) == (
        403,
        "key:etl",
        {"sales": "contributor"},
    )
    assert record["refusal"]["role"] == "steward"
    assert read(FINANCE) == []
