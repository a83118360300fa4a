"""Credentials that clients send along, and what is left of them."""

from typing import Any

import pytest

from datamesh.models.credentials import can_hold_credentials, cut_all_credentials, cut_credentials
from datamesh.models.json_codec import encode_value
from datamesh.models.products import DatasetName

# What is cut here is nobody's.
CUT = [
    ("postgres://u:pa55@h:5432/db", "postgres://u:****@h:5432/db"),
    ("postgres://u:p@55@h/db", "postgres://u:****@h/db"),
    ("redis://:pa55@h", "redis://:****@h"),
    ("mongodb://u:p%40s@h1,h2/db and x://a:b@c", "mongodb://u:****@h1,h2/db and x://a:****@c"),
    ("jdbc:oracle:thin:scott/tiger@//h:1521/s", "jdbc:oracle:thin:scott/****@//h:1521/s"),
    (
        "jdbc:postgresql://h/d?user=u&password=x&a=1",
        "jdbc:postgresql://h/d?user=u&password=****&a=1",
    ),
    (
        "jdbc:sqlserver://h:1433;user=u;Password=x;a=1",
        "jdbc:sqlserver://h:1433;user=u;Password=****;a=1",
    ),
    ("jdbc:x://h?ssl=1&trustStorePassword=x", "jdbc:x://h?ssl=1&trustStorePassword=****"),
    ("https://h/a?X-Amz-Signature=0a&b=c", "https://h/a?X-Amz-Signature=****&b=c"),
    (
        "https://a.blob.core.windows.net/c?sv=1&sig=x%2F",
        "https://a.blob.core.windows.net/c?sv=1&sig=****",
    ),
    ("connect('postgres://u:p@h', 'a@b')", "connect('postgres://u:****@h', 'a@b')"),
]
KEPT = [
    "postgres://h:5432",
    "postgres://u@h:5432/db",
    "kafka://a:9092,b:9092",
    "abfss://container@account.dfs.core.windows.net/a:b@c",
    "http://h:80/a:b@c",
    "http://h:80?x=a@b",
    "s3://bucket/a=1/password=2",
    "mail a@b.c: see x://y",
    "SELECT password FROM users WHERE a = 'b' AND password = 'c'",
]


@pytest.mark.parametrize(("text", "left"), CUT)
def test_a_password_in_an_address_is_cut(text: str, left: str) -> None:
    assert cut_credentials(text) == left
    assert cut_credentials(left) == left
    assert can_hold_credentials(text.encode())


@pytest.mark.parametrize("text", KEPT)
def test_an_address_without_a_password_is_as_it_was(text: str) -> None:
    assert cut_credentials(text) == text


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"a": [{"uri": "x://u:p@h"}, 1]}, {"a": [{"uri": "x://u:****@h"}, 1]}),
        ({"x://u:p@h": None}, {"x://u:****@h": None}),
        (
            {"spark.hadoop.fs.s3a.secret.key": "x", "fs.s3a.access.key": "id", "DB_PASSWORD": "y"},
            {
                "spark.hadoop.fs.s3a.secret.key": "****",
                "fs.s3a.access.key": "id",
                "DB_PASSWORD": "****",
            },
        ),
        (
            {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"},
            {"name": "AWS_SECRET_ACCESS_KEY", "value": "****"},
        ),
        ({"fs.azure.account.key.a.blob": "x"}, {"fs.azure.account.key.a.blob": "****"}),
    ],
)
def test_texts_that_are_named_as_secret_are_cut(value: Any, left: Any) -> None:
    assert cut_all_credentials(value) == left
    assert can_hold_credentials(encode_value(value))


@pytest.mark.parametrize(
    "value",
    [
        {"name": "password", "type": "string", "description": "hashed"},
        {"fields": {"password": {"inputFields": [{"name": "secret"}]}}},
        {"key": "pii", "value": "yes", "tokens": "12", "password": "", "secret": None},
        ["a", 1, None, True, {"name": ["password"], "value": "v"}],
    ],
)
def test_what_only_speaks_of_secrets_is_the_very_same(value: Any) -> None:
    assert cut_all_credentials(value) is value


def test_a_dataset_is_the_same_whatever_password_its_namespace_has() -> None:
    names = {DatasetName(namespace=f"postgres://u:{each}@h", name="t") for each in ("a", "b")}
    assert [each.namespace for each in names] == ["postgres://u:****@h"]
