"""The issuers that a stack trusts, as its variables name them."""

import json

import pytest

from datamesh.errors.base import InvalidSettings
from datamesh.identity.grants import format_grants, select_grants
from datamesh.identity.issuers import TrustedIssuer, is_token, is_web_address, read_trusted_issuers

PEOPLE = {"JWT_ISSUER": "https://login.example.com/", "JWT_AUDIENCE": "data-mesh"}
GITHUB = {
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": ["data-mesh", "https://mesh.example.com"],
    "groups_claim": "sub",
    "grants": {"repo:octo/sales:ref:refs/heads/main": "contributor:sales"},
    "require": {"repository_id": "12", "event_name": ["push", "schedule"]},
}


def test_without_variables_there_is_none() -> None:
    assert read_trusted_issuers({}) == ()
    defaults = {"JWT_ISSUER": "", "JWT_AUDIENCE": " ", "JWKS_URL": "", "JWT_ISSUERS": "[]"}
    assert read_trusted_issuers(defaults | {"JWT_GROUPS_CLAIM": "groups", "JWT_GRANTS": "{}"}) == ()


def test_the_provider_of_people_and_that_of_a_pipeline_are_trusted_at_once() -> None:
    more = {"JWT_GRANTS": '{"ops": "admin:*"}', "JWT_ISSUERS": json.dumps([GITHUB])}
    assert read_trusted_issuers(PEOPLE | more) == (
        TrustedIssuer(
            "https://login.example.com/",
            ("data-mesh",),
            "",
            "groups",
            {"ops": ({"role": "admin", "domain": "*"},)},
            {},
        ),
        TrustedIssuer(
            "https://token.actions.githubusercontent.com",
            ("data-mesh", "https://mesh.example.com"),
            "",
            "sub",
            {"repo:octo/sales:ref:refs/heads/main": ({"role": "contributor", "domain": "sales"},)},
            {"repository_id": ("12",), "event_name": ("push", "schedule")},
        ),
    )


def test_all_variables_of_one_issuer_are_read() -> None:
    more = {"JWKS_URL": "https://keys.example.com/jwks?p=1", "JWT_GROUPS_CLAIM": "realm.roles"}
    [found] = read_trusted_issuers(PEOPLE | more)
    assert found == TrustedIssuer(
        "https://login.example.com/",
        ("data-mesh",),
        "https://keys.example.com/jwks?p=1",
        "realm.roles",
        {},
        {},
    )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"JWT_AUDIENCE": "a"}, "JWT_ISSUER: must be set, for JWT_AUDIENCE is"),
        ({"JWKS_URL": "https://a.example.com"}, "JWT_ISSUER: must be set, for JWKS_URL is"),
        ({"JWT_GRANTS": '{"a": "admin:*"}'}, "JWT_ISSUER: must be set, for JWT_GRANTS is"),
        ({"JWT_ISSUER": "https://a.example.com"}, "JWT_ISSUER: audience must be 1 to 10 texts"),
        (PEOPLE | {"JWT_ISSUER": "http://login.example.com"}, "JWT_ISSUER: issuer must be an addr"),
        (PEOPLE | {"JWT_ISSUER": "http://127.0.0.1.example.com"}, "JWT_ISSUER: issuer must be"),
        (PEOPLE | {"JWT_ISSUER": "https://a@b.example.com"}, "JWT_ISSUER: issuer must be an addr"),
        (PEOPLE | {"JWT_ISSUER": "https://a.example.com?x=1"}, "JWT_ISSUER: issuer must be an ad"),
        (PEOPLE | {"JWT_ISSUER": "https://a.example.com#x"}, "JWT_ISSUER: issuer must be an addr"),
        (PEOPLE | {"JWT_ISSUER": "file:///etc/passwd"}, "JWT_ISSUER: issuer must be an address"),
        (PEOPLE | {"JWKS_URL": "http://10.0.0.1/jwks"}, "JWT_ISSUER: jwks_url must be an address"),
        (PEOPLE | {"JWT_GROUPS_CLAIM": 'a"'}, "JWT_ISSUER: groups_claim must be the name of a cl"),
        (PEOPLE | {"JWT_GRANTS": "sales"}, "JWT_GRANTS: is not JSON"),
        (PEOPLE | {"JWT_GRANTS": "[" * 9999}, "JWT_GRANTS: is not JSON"),
        (PEOPLE | {"JWT_GRANTS": "[]"}, "JWT_GRANTS: must be a JSON object of grants by value"),
        (
            PEOPLE | {"JWT_GRANTS": '{"a": "owner:x"}'},
            "JWT_GRANTS: 'a': 'owner' is no role; one of",
        ),
        (PEOPLE | {"JWT_GRANTS": '{"a": "admin"}'}, "JWT_GRANTS: 'a': '' is no domain; name one"),
        (PEOPLE | {"JWT_GRANTS": '{"a": "reader:a/b"}'}, "JWT_GRANTS: 'a': 'a/b' is no domain"),
        (PEOPLE | {"JWT_GRANTS": '{"a": [1]}'}, "JWT_GRANTS: 'a': a grant is \"role:domain\" or"),
        (
            PEOPLE | {"JWT_GRANTS": '{"a": {"role": "reader", "domain": "*", "until": "2027"}}'},
            "JWT_GRANTS: 'a': a grant has no field 'until'",
        ),
        (
            PEOPLE | {"JWT_GRANTS": '{"a": {"role": "reader", "domain": "b", "namespaces": "c"}}'},
            "JWT_GRANTS: 'a': namespaces must be a list of texts of 1 to 200 characters",
        ),
        ({"JWT_ISSUERS": "{}"}, "JWT_ISSUERS: must be a JSON list of at most 10 issuers"),
        ({"JWT_ISSUERS": json.dumps([GITHUB] * 11)}, "JWT_ISSUERS: must be a JSON list of at most"),
        ({"JWT_ISSUERS": "[1]"}, "JWT_ISSUERS[0]: an issuer is a JSON object"),
        ({"JWT_ISSUERS": '[{"iss": 1}]'}, "JWT_ISSUERS[0]: an issuer has no field 'iss'"),
        ({"JWT_ISSUERS": json.dumps([GITHUB, GITHUB])}, "stands there twice"),
        (
            {"JWT_ISSUERS": json.dumps([GITHUB | {"require": {"ref": 1}}])},
            "JWT_ISSUERS[0]: require must be an object of claims with their values",
        ),
        (
            {"JWT_ISSUERS": json.dumps([GITHUB | {"require": []}])},
            "JWT_ISSUERS[0]: require must be an object of claims with their values",
        ),
        (
            {"JWT_ISSUERS": json.dumps([GITHUB | {"grants": {"a": "boss:*"}}])},
            "JWT_ISSUERS[0].grants: 'a': 'boss' is no role",
        ),
        (
            {"JWT_ISSUERS": json.dumps([GITHUB | {"audience": []}])},
            "JWT_ISSUERS[0]: audience must be 1 to 10 texts",
        ),
    ],
)
def test_what_is_wrong_is_named(variables: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        read_trusted_issuers(variables)
    assert message in str(raised.value)


def test_grants_of_all_values_are_held_once_each() -> None:
    sales = {"role": "contributor", "domain": "sales", "namespaces": ["postgres://sales"]}
    grants = {
        "ops": ["reader:*", sales],
        "sales": [sales, "steward:sales"],
        "all": "reader:*",
    }
    variables = PEOPLE | {"JWT_GRANTS": json.dumps(grants)}
    [issuer] = read_trusted_issuers(variables)
    found = select_grants(issuer.grants, ["all", "sales", "unknown"])
    assert format_grants(found) == (
        '[{"role":"contributor","domain":"sales","namespaces":["postgres://sales"]},'
        '{"role":"steward","domain":"sales"},{"role":"reader","domain":"*"}]'
    )
    assert format_grants(select_grants(issuer.grants, [])) == "[]"


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        ("eyJhbGciOiJub25lIn0.e30.", True),
        ("eyJhbGciOiJub25lIn0.e30.AbC-_9", True),
        ("ewogImFsZyI6MX0.e30.x", True),
        ("eyJhbGciOiJub25lIn0.e30", False),
        ("eyJhbGciOiJub25lIn0.e30.x.y", False),
        ("eyJhbGciOiJub25lIn0.e30.x\n", False),
        ("dm_eyJ_secret.e30.x", False),
        ("a.key.with-dots", False),
        ("", False),
    ],
)
def test_a_token_is_known_by_its_shape(credential: str, expected: bool) -> None:
    assert is_token(credential) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://login.example.com", True),
        ("https://login.example.com:8443/a/b?c=d", True),
        ("http://localhost:8080/keys", True),
        ("http://127.0.0.1/keys", True),
        ("http://[::1]:80/keys", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1@example.com", False),
        ("https://127.0.0.1\\@example.com", False),
        ("https://a b", False),
        ("https://", False),
        ("ftp://login.example.com", False),
        (None, False),
    ],
)
def test_an_address_is_over_https_or_of_this_machine(address: object, expected: bool) -> None:
    assert is_web_address(address) is expected
