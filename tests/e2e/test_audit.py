"""The audit trail, told over HTTP: who changed what."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.e2e.api import Api


def trail_of(api: Api, product: str, since: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {api.key}"}
    answer = api.get("/audit", params={"product": product, "since": since}, headers=headers)
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def test_the_life_of_a_product_is_on_record(api: Api, new_product: Callable[..., str]) -> None:
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    name = new_product()
    api.write("PUT", f"/product/{name}", {"owner": "another"})
    api.write("PUT", f"/product/{name}", {"owner": ""})
    body = {"source": name, "target": "orders", "transformation": "SELECT 1"}
    api.write("POST", "/register_lineage", body)
    api.write("DELETE", f"/product/{name}")
    records = trail_of(api, name, since)
    assert [record["route"] for record in records] == [
        "POST /register_product",
        "PUT /product/{name}",
        "POST /register_lineage",
        "DELETE /product/{name}",
    ]
    assert {record["status"] for record in records} == {200}
    assert [record for record in records if not (record["principal"] and record["source_ip"])] == []
    assert [len(record["commits"]) for record in records] == [1, 1, 1, 2]
    assert records[2]["commits"][0]["products"] == sorted([name, "orders"])
    times = [record["at"] for record in records]
    assert times == sorted(times)


def test_the_trail_is_not_open(api: Api) -> None:
    assert api.get("/audit").status_code == 401
    assert api.get("/audit", headers={"Authorization": "Bearer wrong"}).status_code == 403
