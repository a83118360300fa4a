"""Answers on their way through the gateway: compressed for whoever takes it."""

import pytest

from tests.e2e.api import Api


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/assets/swagger-ui-bundle.js"])
def test_an_answer_is_compressed_for_whoever_takes_it(api: Api, path: str) -> None:
    plain = api.get(path, headers={"Accept-Encoding": "identity"})
    packed = api.get(path, headers={"Accept-Encoding": "gzip"})
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 3
    for known in (plain.headers["ETag"], packed.headers["ETag"]):
        again = api.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
