"""The page of a product with all that can be said of it, and that of its columns."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.api import Api
from tests.e2e.portal.browser import Visit, match_end

HOSTILE = "<img src=x onerror=alert(1)>"
LINES = {
    "type": "array",
    "items": {"type": "object", "columns": {"sku": "string"}},
}


@pytest.fixture
def described(new_product: Callable[..., str]) -> tuple[str, str]:
    successor = new_product()
    name = new_product(
        title=f"Orders {HOSTILE}",
        status="deprecated",
        deprecation={
            "since": "2026-01-01T00:00:00Z",
            "sunset": "2026-12-31T00:00:00Z",
            "replacement": successor,
            "reason": f"it is wrong {HOSTILE}",
        },
        contacts=[{"name": "Ann", "role": "steward", "email": "ann@example.com"}],
        links=[{"title": f"Runbook {HOSTILE}", "url": "https://example.com/run?a=%22"}],
        support={"channel": "#orders", "url": "https://chat.example.com/orders"},
        sla={"freshness": "P1DT12H", "retention": "P7Y"},
        glossary_terms=["order"],
        schema={
            "id": {
                "type": "string",
                "description": "The key",
                "primary_key": 1,
                "required": True,
                "options": {"max_length": 20},
            },
            "state": {"type": "string", "enum": ["open", "<b>paid</b>"]},
            "lines": LINES,
        },
    )
    return name, successor


def test_a_product_says_whom_to_ask_what_is_promised_and_what_comes_next(
    visit: Visit, described: tuple[str, str], tmp_path: Path
) -> None:
    name, successor = described
    page = visit.open(f"/ui/p/{name}")
    expect(page.get_by_text(f"Orders {HOSTILE}", exact=True)).to_be_visible()
    note = page.get_by_role("note", name="Deprecation")
    expect(note).to_contain_text(f"It goes away on 2026-12-31 00:00 UTC. Use {successor} instead.")
    expect(note).to_contain_text(f"it is wrong {HOSTILE}")
    about = page.get_by_role("region", name="Whom do I ask, and what is promised?")
    expect(about).to_contain_text("Ann, steward, ann@example.com")
    expect(about).to_contain_text("Data at most 1 day 12 hours old")
    expect(about).to_contain_text("Kept for 7 years")
    link = about.get_by_role("link", name=f"Runbook {HOSTILE}")
    assert link.get_attribute("href") == "https://example.com/run?a=%22"
    assert link.get_attribute("rel") == "noopener noreferrer"
    trust = page.get_by_role("region", name="Can I trust it?")
    with page.expect_download() as downloaded:
        trust.get_by_role("link", name="ODCS", exact=True).click()
    downloaded.value.save_as(tmp_path / "contract")
    assert downloaded.value.suggested_filename == f"{name}.odcs.yaml"
    assert "kind: DataContract" in (tmp_path / "contract").read_text()
    with page.expect_download() as downloaded:
        trust.get_by_role("link", name="SQL", exact=True).click()
    assert downloaded.value.suggested_filename == f"{name}.sql"
    address = trust.get_by_role("link", name="JSON Schema").get_attribute("href")
    assert address == f"{visit.root}/product/{name}/contract?format=jsonschema"
    note.get_by_role("link", name=successor).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(successor)


def test_columns_are_told_with_keys_values_and_what_they_hold(
    visit: Visit, api: Api, described: tuple[str, str], new_product: Callable[..., str]
) -> None:
    name, _ = described
    target = new_product(schema={"order": "string"})
    columns = [{"source": "id", "target": "order"}]
    entry = {"source": name, "target": target, "transformation": "copied", "columns": columns}
    assert api.write("POST", "/register_lineage", entry).status_code == 200
    page = visit.open(f"/ui/p/{name}/schema")
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="The key")).to_contain_text("key 1required")
    expect(rows.filter(has_text="The key")).to_contain_text("max length 20")
    expect(rows.filter(has_text="one of open, <b>paid</b>")).to_have_count(1)
    expect(page.get_by_role("rowheader")).to_have_text(
        ["id", "state", "lines", "lines.each value", "lines.[].sku"]
    )
    page.get_by_role("link", name=target).click()
    expect(page.get_by_role("row").filter(has_text=f"{name}.id")).to_have_count(1)
    expect(page).to_have_url(match_end(f"/ui/p/{target}/schema#order"))
