"""The configuration that a function reads."""

import pytest
from pydantic import ValidationError

from datamesh.errors.base import InvalidSettings
from datamesh.settings import Settings, load_settings

BUCKET = {"CATALOG_BUCKET": "catalog"}


def load(**variables: str) -> Settings:
    return load_settings(BUCKET | variables)


def test_the_published_defaults() -> None:
    assert load_settings(BUCKET | {"PATH": "/bin"}).model_dump() == {
        "catalog_bucket": "catalog",
        "log_level": "INFO",
        "max_products": 1000,
        "max_lineage_entries": 10_000,
        "max_products_bytes": 10_485_760,
        "max_lineage_bytes": 29_360_128,
        "cache_seconds": 0.0,
        "health_probe_seconds": 60.0,
        "read_access": "keyed",
        "stale_days": 90,
        "usage_api_id": None,
        "missing_products": "refuse",
        "missing_products_domain": "unknown",
        "openlineage_auto_register": True,
        "openlineage_domains": {},
        "openlineage_confidence": (1.0, 0.9, 0.5),
        "data_locations": {},
        "event_retention_days": 0,
        "event_queue_url": "",
        "event_dead_letters_url": "",
        "max_scan_bytes": 134_217_728,
        "anonymous_scan_files": 32,
        "anonymous_scan_bytes": 16_777_216,
        "anonymous_scan_seconds": 5.0,
        "download_link_seconds": 300,
    }


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("CATALOG_BUCKET", "abc", "abc"),
        ("LOG_LEVEL", "DEBUG", "DEBUG"),
        ("LOG_LEVEL", "CRITICAL", "CRITICAL"),
        ("MAX_PRODUCTS", "1", 1),
        ("MAX_PRODUCTS", "100000", 100_000),
        ("MAX_LINEAGE_ENTRIES", "1", 1),
        ("MAX_PRODUCTS_BYTES", "65536", 65_536),
        ("MAX_LINEAGE_BYTES", "1", 1),
        ("CACHE_SECONDS", "0", 0.0),
        ("CACHE_SECONDS", "0.5", 0.5),
        ("CACHE_SECONDS", "3600", 3600.0),
        ("ANONYMOUS_SCAN_FILES", "1", 1),
        ("ANONYMOUS_SCAN_SECONDS", "0.5", 0.5),
        ("ANONYMOUS_SCAN_SECONDS", "15", 15.0),
        ("DOWNLOAD_LINK_SECONDS", "1", 1),
        ("DOWNLOAD_LINK_SECONDS", "3600", 3600),
        ("MISSING_PRODUCTS", "register", "register"),
        ("MISSING_PRODUCTS_DOMAIN", "to sort", "to sort"),
        ("OPENLINEAGE_AUTO_REGISTER", "false", False),
        ("OPENLINEAGE_DOMAINS", '{"postgres://db:5432": "sales"}', {"postgres://db:5432": "sales"}),
        ("OPENLINEAGE_CONFIDENCE", "1,0.5,0", (1.0, 0.5, 0.0)),
    ],
)
def test_a_variable_is_read(variable: str, text: str, value: object) -> None:
    assert getattr(load(**{variable: text}), variable.lower()) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CATALOG_BUCKET", ""),
        ("CATALOG_BUCKET", "ab"),
        ("LOG_LEVEL", ""),
        ("LOG_LEVEL", "info"),
        ("LOG_LEVEL", "TRACE"),
        ("MAX_PRODUCTS", "0"),
        ("MAX_PRODUCTS", "-1"),
        ("MAX_PRODUCTS", "many"),
        ("MAX_PRODUCTS", "1.5"),
        ("MAX_PRODUCTS", ""),
        ("MAX_LINEAGE_ENTRIES", "0"),
        ("MAX_LINEAGE_ENTRIES", "10k"),
        ("CACHE_SECONDS", "-0.1"),
        ("CACHE_SECONDS", "3600.1"),
        ("CACHE_SECONDS", "nan"),
        ("CACHE_SECONDS", "inf"),
        ("CACHE_SECONDS", "soon"),
        ("ANONYMOUS_SCAN_FILES", "0"),
        ("ANONYMOUS_SCAN_BYTES", "0"),
        ("ANONYMOUS_SCAN_SECONDS", "0"),
        ("ANONYMOUS_SCAN_SECONDS", "15.1"),
        ("DOWNLOAD_LINK_SECONDS", "0"),
        ("DOWNLOAD_LINK_SECONDS", "3601"),
        ("MISSING_PRODUCTS", "ignore"),
        ("MISSING_PRODUCTS_DOMAIN", "a/b"),
        ("OPENLINEAGE_AUTO_REGISTER", "perhaps"),
        ("OPENLINEAGE_DOMAINS", "sales"),
        ("OPENLINEAGE_DOMAINS", "[]"),
        ("OPENLINEAGE_DOMAINS", '{"a": " "}'),
        ("OPENLINEAGE_DOMAINS", '{"a": 1}'),
        ("OPENLINEAGE_CONFIDENCE", "1"),
        ("OPENLINEAGE_CONFIDENCE", "1,1,1,1"),
        ("OPENLINEAGE_CONFIDENCE", "1,0.9,1.1"),
        ("OPENLINEAGE_CONFIDENCE", "1,0.9,nan"),
        ("OPENLINEAGE_CONFIDENCE", "1;0.9;0.5"),
    ],
)
def test_a_bad_value_is_refused_and_its_variable_named(variable: str, text: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^{variable}: ") as refused:
        load(**{variable: text})
    assert str(refused.value).count(": ") == 1


def test_a_missing_bucket_is_named() -> None:
    with pytest.raises(InvalidSettings, match=r"^CATALOG_BUCKET: Field required$"):
        load_settings({})


def test_several_bad_values_are_all_named() -> None:
    with pytest.raises(InvalidSettings) as refused:
        load_settings({"MAX_PRODUCTS": "0", "LOG_LEVEL": "LOUD", "CACHE_SECONDS": "-1"})
    named = [part.split(":")[0] for part in str(refused.value).split("; ")]
    assert sorted(named) == ["CACHE_SECONDS", "CATALOG_BUCKET", "LOG_LEVEL", "MAX_PRODUCTS"]


def test_settings_do_not_change() -> None:
    settings = load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.max_products = 5
