"""The questions in each mode of ReadAccess, and how whatever serves has to answer them."""

from tests.e2e.api import Api

PUBLIC = ("/health", "/docs", "/redoc", "/openapi.json", "/docs/assets/docs.js")
CATALOG = ("/products", "/product/first", "/lineage", "/domains", "/domains/e2e", "/metrics")
CATALOG_OF_OTHERS = ("/analytics/domains", "/api/v1/namespaces", "/sales/orders")
"""No product serves the last: whether its rows are open is not asked before."""
CLOSED = (
    "/domains/e2e/first",
    "/domains/e2e/first/profile",
    "/product/first/quality",
    "/product/first/versions",
    "/products?as_of=2026-01-01T00:00:00Z",
    "/changes?since=2026-01-01T00:00:00Z",
    "/api/v1/events",
)
KEYED = ("/audit", "/domains/e2e/first/files")
OPEN = {
    "open": (*PUBLIC, *CATALOG, *CATALOG_OF_OTHERS, *CLOSED),
    "catalog": (*PUBLIC, *CATALOG, *CATALOG_OF_OTHERS),
    "keyed": PUBLIC,
}
"""Mode -> what whoever has no key may ask."""
MESSAGE = " needs a key here: send it as `Authorization: Bearer <key>`"


def check_mode(api: Api, mode: str) -> None:
    """Ask for everything without a key, with it and with a wrong one, by GET and by HEAD.

    The registry has the product `first`.
    """
    asked = (*PUBLIC, *CATALOG, *CATALOG_OF_OTHERS, *CLOSED)
    for path in asked:
        is_open = path in OPEN[mode]
        for headers in ({}, {"Authorization": ""}, {"If-None-Match": "*"}):
            answer = api.get(path, headers=headers)
            assert (answer.status_code != 401) is is_open, (path, headers, answer.text)
            if not is_open:
                assert answer.json()["message"].endswith(MESSAGE)
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert "ETag" not in answer.headers
        assert (api.call("HEAD", path).status_code != 401) is is_open, path
        signed_in = api.get(path, headers={"Authorization": f"Bearer {api.key}"})
        assert signed_in.status_code not in (401, 403), path
        wrong = api.get(path, headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code == 403) is (path not in PUBLIC), path
    for path in KEYED:
        assert api.get(path).status_code == 401, path
    write = api.call("POST", "/register_product", json={})
    assert (write.status_code, write.json()) == (401, {"message": "Unauthorized"})
