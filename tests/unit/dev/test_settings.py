from pathlib import Path

import pytest

from dev.settings import SettingError, read_settings


def test_defaults() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.data_dir == Path("data").resolve()
    assert settings.examples
    assert not settings.show_log
    local = {"HealthProbeSeconds": "5", "ReadAccess": "open"}
    assert settings.parameters == local  # else the template's own defaults


def test_variables_become_parameters_of_the_template() -> None:
    settings = read_settings(
        {
            "HOST": "::1",
            "PORT": "0",
            "EXAMPLES": "0",
            "LOG": "1",
            "LOG_LEVEL": "debug",
            "READ_ACCESS": "catalog",
            "MAX_PRODUCTS": "5",
            "MAX_PRODUCTS_BYTES": "1073741824",
            "MAX_LINEAGE_ENTRIES": "6",
            "MISSING_PRODUCTS": "register",
            "MISSING_PRODUCTS_DOMAIN": "to sort",
            "CACHE_SECONDS": "0.5",
            "HEALTH_PROBE_SECONDS": "30",
            "CORS_ORIGINS": "https://a.example,http://localhost:8080",
        }
    )
    assert (settings.host, settings.port, settings.examples) == ("::1", 0, False)
    assert settings.show_log
    assert settings.parameters == {
        "LogLevel": "DEBUG",
        "ReadAccess": "catalog",
        "MaxProducts": "5",
        "MaxProductsBytes": "1073741824",
        "MaxLineageEntries": "6",
        "MissingProducts": "register",
        "MissingProductsDomain": "to sort",
        "CacheSeconds": "0.5",
        "HealthProbeSeconds": "30",
        "CorsOrigins": "https://a.example,http://localhost:8080",
    }


def test_a_key_is_generated_unless_given_and_never_shown() -> None:
    first, second = read_settings({"API_KEY": ""}), read_settings({})
    assert first.api_key_generated
    assert len(first.api_key) >= 32
    assert first.api_key != second.api_key
    given = read_settings({"API_KEY": "my-secret-key"})
    assert (given.api_key, given.api_key_generated) == ("my-secret-key", False)
    assert "my-secret-key" not in repr(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "3_000"),
        ("HOST", "not a host"),
        ("EXAMPLES", "yes"),
        ("LOG", "all"),
        ("LOG_LEVEL", "LOUD"),
        ("MAX_PRODUCTS", "0"),
        ("MAX_PRODUCTS", "100001"),
        ("MAX_LINEAGE_ENTRIES", "1.5"),
        ("MISSING_PRODUCTS", "yes"),
        ("MISSING_PRODUCTS_DOMAIN", "a/b"),
        ("CACHE_SECONDS", "-1"),
        ("CACHE_SECONDS", "nan"),
        ("CACHE_SECONDS", "soon"),
        ("CORS_ORIGINS", "example.com"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("CORS_ORIGINS", "https://a.example,"),
    ],
)
def test_a_bad_value_is_told_in_one_line_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings({name: value})
    message = str(caught.value)
    assert message.startswith(f"{name} must be ")
    assert value in message
    assert "\n" not in message


def test_a_malformed_key_is_not_repeated() -> None:
    with pytest.raises(SettingError) as caught:
        read_settings({"API_KEY": "two words"})
    assert str(caught.value) == "API_KEY must be visible ASCII characters without spaces"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "registry.example.com"])
def test_a_key_that_the_network_can_try_is_long(host: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings({"HOST": host, "API_KEY": "15-characters--"})
    assert str(caught.value) == (
        f"API_KEY must have at least 16 characters where HOST={host} lets the network in;"
        " without it a key is generated"
    )
    assert read_settings({"HOST": host, "API_KEY": "16-characters---"}).host == host
    assert len(read_settings({"HOST": host}).api_key) >= 32


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.1.1", "::1", "localhost"])
def test_a_key_of_this_machine_alone_may_be_short(host: str) -> None:
    assert read_settings({"HOST": host, "API_KEY": "a"}).api_key == "a"
