"""Registering and changing a product, the registry's own words at the fields, and a conflict."""

from playwright.sync_api import Page, expect

from tests.e2e.api import Api
from tests.e2e.portal.barriers import find_barriers
from tests.e2e.portal.browser import Visit
from tests.e2e.portal.signed_in import sign_in_with_key

NAME = "made_in_the_portal"


def test_a_product_is_registered_changed_and_a_conflict_is_settled(visit: Visit, api: Api) -> None:
    page = sign_in_with_key(visit, api.key)
    try:
        register(page)
        settle(page, api)
        look_back(page)
        tell_more(page, api)
        record_lineage(page)
        delete(page, api)
    finally:
        assert api.write("DELETE", f"/product/{NAME}").status_code in (200, 404)


def register(page: Page) -> None:
    page.get_by_role("link", name="Register a product").click()
    form = page.get_by_role("form", name="New product")
    form.get_by_label("Name", exact=True).fill("not a name")
    form.get_by_label("Owner").fill("e2e@example.com")
    form.get_by_label("Description", exact=True).fill("<b>made</b> here")
    form.get_by_label("Name of the column").fill("id")
    form.get_by_role("button", name="Register").click()
    name = form.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#about-name .warning")).to_contain_text("match pattern")
    expect(page.locator("#about-domain .warning")).to_have_count(1)
    expect(page.locator("#about-owner .warning")).to_have_count(0)
    assert find_barriers(page) == []
    name.fill(NAME)
    form.get_by_label("Domain").fill("e2e")
    form.get_by_label("Description of the column").fill("Who it is")
    form.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.get_by_text("<b>made</b> here")).to_be_visible()


def settle(page: Page, api: Api) -> None:
    """Two people have the form open: the second is told, and loses nothing."""
    page.get_by_role("link", name="Change", exact=True).click()
    form = page.get_by_role("form", name="Product", exact=True)
    form.get_by_label("Owner").fill("mine@example.com")
    form.get_by_label("Tags").fill("gold, mine")
    form.get_by_label("Version").fill("2.0.0")
    theirs = {"owner": "theirs@example.com", "description": "theirs", "tags": ["theirs"]}
    assert api.write("PUT", f"/product/{NAME}", theirs).status_code == 200
    form.get_by_role("button", name="Save").click()
    conflict = page.get_by_role("form", name="Conflict")
    expect(conflict).to_contain_text("Changed by them alone, and taken over: description.")
    assert find_barriers(page) == []
    conflict.get_by_role("group", name="owner").get_by_label("Take theirs").check()
    conflict.get_by_role("button", name="Go on with that").click()
    expect(form.get_by_label("Owner")).to_have_value("theirs@example.com")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("version 2.0.0")).to_be_visible()
    saved = api.get(f"/product/{NAME}").json()
    assert (saved["owner"], saved["description"]) == ("theirs@example.com", "theirs")
    assert (saved["tags"], saved["version"]) == (["gold", "mine"], "2.0.0")
    assert saved["columns"][0]["description"] == "Who it is"


def look_back(page: Page) -> None:
    page.get_by_role("link", name="History", exact=True).click()
    by_whom = page.get_by_role("region", name="By whom")
    expect(by_whom.get_by_text("key:local, PUT /product/{name}").first).to_be_visible()
    page.get_by_label("until now").press("ArrowLeft")
    expect(page.get_by_text("You see the registry as of")).to_be_visible()
    page.get_by_role("link", name="Show the present").click()
    expect(page.get_by_label("until now")).to_have_value("200")


def tell_more(page: Page, api: Api) -> None:
    """Fill in what only some products have: contacts, service level, datasets, nested columns."""
    page.get_by_role("link", name="Change", exact=True).click()
    form = page.get_by_role("form", name="Product", exact=True)
    form.get_by_role("button", name="Add a contact").click()
    form.get_by_label("name of contact 1").fill("Ann")
    form.get_by_label("email of contact 1").fill("ann@example.com")
    form.get_by_role("button", name="Add a link").click()
    form.get_by_label("title of link 1").fill("Runbook")
    form.get_by_label("url of link 1").fill("javascript:alert(1)")
    form.get_by_role("button", name="Add a dataset").click()
    form.get_by_label("namespace of dataset 1").fill("s3://lake")
    form.get_by_label("name of dataset 1").fill(NAME)
    form.get_by_label("Newest data is at most").fill("a day")
    form.get_by_role("button", name="Add a column").click()
    column = form.get_by_role("group", name="Column 2", exact=True)
    column.get_by_label("Name of the column").fill("address")
    column.get_by_label("Type").fill("object")
    column.get_by_role("button", name="Add a field to address").click()
    field = column.get_by_role("group", name="Field 1 of address")
    field.get_by_label("Name of the column").fill("city")
    form.get_by_role("checkbox", name="restricted").first.check()
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#about-links .warning")).to_have_count(1)
    expect(page.locator("#about-freshness .warning")).to_have_count(1)
    assert find_barriers(page) == []
    form.get_by_label("url of link 1").fill("https://example.com/run")
    form.get_by_label("Newest data is at most").fill("PT24H")
    form.get_by_role("button", name="Save").click()
    about = page.get_by_role("region", name="Whom do I ask, and what is promised?")
    expect(about).to_contain_text("Ann, ann@example.com")
    expect(about).to_contain_text("Data at most 24 hours old")
    saved = api.get(f"/product/{NAME}").json()
    assert saved["links"] == [{"title": "Runbook", "url": "https://example.com/run"}]
    assert saved["openlineage"] == [{"namespace": "s3://lake", "name": NAME}]
    assert saved["restricted_columns"] == ["id"]
    assert saved["columns"][1]["columns"][0]["name"] == "city"


def delete(page: Page, api: Api) -> None:
    page.get_by_role("button", name=f"Delete {NAME}").click()
    form = page.get_by_role("form", name=f"Delete {NAME}")
    expect(form.get_by_label("Write its name")).to_be_focused()
    form.get_by_role("button", name="Delete it").click()
    expect(page.locator("#about-confirmation .warning")).to_have_text(f"✗ This is not {NAME}.")
    form.get_by_label("Write its name").fill(NAME)
    assert api.write("PUT", f"/product/{NAME}", {"owner": "late@example.com"}).status_code == 200
    form.get_by_role("button", name="Delete it").click()
    expect(form).to_contain_text("Somebody else has changed it")
    page.reload()
    page.get_by_role("button", name=f"Delete {NAME}").click()
    form.get_by_label("Write its name").fill(NAME)
    form.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Domain e2e")
    assert api.get(f"/product/{NAME}").status_code == 404


def record_lineage(page: Page) -> None:
    page.get_by_role("link", name="Change", exact=True).click()
    form = page.get_by_role("form", name="New lineage")
    form.get_by_label("Made of the product").fill("orders")
    form.get_by_label("Confidence").fill("high")
    form.get_by_role("button", name="Record lineage").click()
    expect(page.locator("#about-confidence .warning")).to_have_count(1)
    expect(page.locator("#about-transformation .warning")).to_have_count(1)
    form.get_by_label("How it is made of it").fill("SELECT id")
    form.get_by_label("Confidence").fill("0.8")
    form.get_by_role("button", name="Record lineage").click()
    made_of = page.get_by_role("region", name="Made of")
    expect(made_of).to_contain_text("direct, 80 %: SELECT id")
    made_of.get_by_role("button", name="Take the lineage from orders away").click()
    expect(made_of).to_contain_text("Nothing that is registered")


def test_who_may_not_change_is_told_who_may(visit: Visit) -> None:
    page = visit.open("/ui/p/orders/edit")
    expect(page.get_by_text("Contributors of sales may change this product.")).to_be_visible()
    expect(page.get_by_role("link", name="Change", exact=True)).to_have_count(0)
