"""The operator's settings of the local API, read once from environment variables.

HOST (127.0.0.1), PORT (3000)   where it listens; port 0 is any free one
DATA_DIR (./data)               where its files are
API_KEY (generated)             the key that writers present
EXAMPLES (1)                    0 does not fill a new bucket with the example mesh
LOG (0)                         1 shows the whole log in the terminal, which has warnings alone

Those of `PARAMETERS` override parameters of the template.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from pathlib import Path

DOMAIN = r'[^.\x00-\x1f\x7f/\\<>"*?#%][^\x00-\x1f\x7f/\\<>"*?#%]{0,49}'
MIN_NETWORK_KEY_LENGTH = 16
"""Characters that a key has at least where others than this machine may try to guess it."""
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingError(Exception):
    """A variable holds a value that cannot be used; the message names the variable."""


@dataclass(frozen=True)
class LocalSettings:
    """The settings of a local run.

    `parameters` override the template's, by their names there; the others keep its defaults.
    """

    host: str
    port: int
    data_dir: Path
    api_key: str = field(repr=False)
    api_key_generated: bool
    examples: bool
    show_log: bool
    parameters: Mapping[str, str]


def read_settings(environ: Mapping[str, str]) -> LocalSettings:
    """Return the settings that the variables make; an empty variable counts as unset.

    Raises:
        SettingError: A variable holds a value that cannot be used.
    """
    read_value = partial(_read_value, environ)
    key = read_value("API_KEY", "", _check_api_key)
    host = read_value("HOST", "127.0.0.1", _check_host)
    _check_key_length(key, host)
    _check_issuers(environ)
    return LocalSettings(
        host=host,
        port=int(read_value("PORT", "3000", _check_whole_number(0, 65535))),
        data_dir=Path(read_value("DATA_DIR", "data", str)).expanduser().resolve(),
        api_key=key or secrets.token_urlsafe(24),
        api_key_generated=not key,
        examples=read_value("EXAMPLES", "1", _check_switch) == "1",
        show_log=read_value("LOG", "0", _check_switch) == "1",
        parameters={
            **LOCAL_PARAMETERS,
            **{
                parameter: read_value(variable, "", check)
                for parameter, (variable, check) in PARAMETERS.items()
                if environ.get(variable, "").strip()
            },
        },
    )


def _read_value(
    environ: Mapping[str, str], name: str, default: str, check: Callable[[str], str]
) -> str:
    text = environ.get(name, "").strip() or default
    try:
        return check(text)
    except ValueError as error:
        # The key is a secret even when it is malformed.
        shown = "" if name == "API_KEY" else f", not {text!r}"
        raise SettingError(f"{name} must be {error}{shown}") from None


def _check_whole_number(low: int, high: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        # Plain digits only: int() also takes "1_000" and digits of other scripts.
        if not re.fullmatch(r"[0-9]{1,10}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return str(int(text))

    return check


def _check_seconds(text: str) -> str:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 3600:  # not a number compares false
        raise ValueError("a number of seconds from 0 to 3600")
    return text


def _check_host(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.:_-]+", text):
        raise ValueError("a host name or an IP address")
    return text


def _check_key_length(key: str, host: str) -> None:
    if key and len(key) < MIN_NETWORK_KEY_LENGTH and not _is_loopback(host):
        raise SettingError(
            f"API_KEY must have at least {MIN_NETWORK_KEY_LENGTH} characters where HOST={host} lets"
            " the network in; without it a key is generated"
        )


def _check_issuers(environ: Mapping[str, str]) -> None:
    if not any(environ.get(variable, "").strip() for variable in ISSUER_VARIABLES):
        return
    # The layer is imported for what needs it alone: the gateway runs without it.
    from datamesh.errors.base import InvalidSettings
    from datamesh.identity.issuers import read_trusted_issuers

    try:
        read_trusted_issuers(environ)
    except InvalidSettings as error:
        raise SettingError(str(error)) from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_switch(text: str) -> str:
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text


def _check_boolean(text: str) -> str:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text


def _check_missing_products(text: str) -> str:
    if text not in ("refuse", "register"):
        raise ValueError("refuse or register")
    return text


def _check_read_access(text: str) -> str:
    if text not in ("open", "catalog", "keyed"):
        raise ValueError("open, catalog or keyed")
    return text


def _check_domain(text: str) -> str:
    if not re.fullmatch(DOMAIN, text):
        raise ValueError('a domain of 1 to 50 characters without / \\ < > " * ? # %')
    return text


def _check_domains(text: str) -> str:
    try:
        domains = json.loads(text)
    except ValueError:
        domains = None
    if not isinstance(domains, dict) or not all(
        isinstance(each, str) and re.fullmatch(DOMAIN, each.strip()) for each in domains.values()
    ):
        raise ValueError("a JSON object of domains, each of 1 to 50 characters, by namespace")
    return text


def _check_locations(text: str) -> str:
    location = r"(domains|s3://[a-z0-9.-]{3,63})(/[A-Za-z0-9_=+.-]+)*/"
    for part in text.split(","):
        if not re.fullmatch(rf"[^=/]{{1,50}}={location}", part.strip()):
            raise ValueError("pairs such as sales=s3://lake/sales/ with commas between")
    return text


def _check_confidences(text: str) -> str:
    if not re.fullmatch(r"(0|1|[01]\.[0-9]+)(,(0|1|[01]\.[0-9]+)){2}", text) or any(
        float(part) > 1 for part in text.split(",")
    ):
        raise ValueError("three numbers from 0 to 1 with commas between")
    return text


def _check_log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}")
    return text.upper()


def _check_api_key(text: str) -> str:
    # It travels in a header: visible ASCII, no spaces.
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("visible ASCII characters without spaces")
    return text


def _check_origins(text: str) -> str:
    for origin in text.split(","):
        if not re.fullmatch(r"\*|https?://[^\s/]+", origin.strip()):
            raise ValueError('"*" or a comma-separated list of origins such as https://example.com')
    return text


ISSUER_VARIABLES = ("JWT_ISSUER", "JWT_AUDIENCE", "JWKS_URL", "JWT_GRANTS", "JWT_ISSUERS")

LOCAL_PARAMETERS: Mapping[str, str] = {"HealthProbeSeconds": "5", "ReadAccess": "open"}
"""Parameters whose defaults are others in a local run: a PUT costs nothing, and all is there to be
tried."""

PARAMETERS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "LogLevel": ("LOG_LEVEL", _check_log_level),
    "ReadAccess": ("READ_ACCESS", _check_read_access),
    "MaxProducts": ("MAX_PRODUCTS", _check_whole_number(1, 100_000)),
    "MaxLineageEntries": ("MAX_LINEAGE_ENTRIES", _check_whole_number(1, 1_000_000)),
    "MaxProductsBytes": ("MAX_PRODUCTS_BYTES", _check_whole_number(65_536, 1_073_741_824)),
    "MaxLineageBytes": ("MAX_LINEAGE_BYTES", _check_whole_number(65_536, 1_073_741_824)),
    "MissingProducts": ("MISSING_PRODUCTS", _check_missing_products),
    "MissingProductsDomain": ("MISSING_PRODUCTS_DOMAIN", _check_domain),
    "OpenLineageAutoRegister": ("OPENLINEAGE_AUTO_REGISTER", _check_boolean),
    "OpenLineageDomains": ("OPENLINEAGE_DOMAINS", _check_domains),
    "OpenLineageConfidence": ("OPENLINEAGE_CONFIDENCE", _check_confidences),
    "CacheSeconds": ("CACHE_SECONDS", _check_seconds),
    "HealthProbeSeconds": ("HEALTH_PROBE_SECONDS", _check_whole_number(1, 3600)),
    "StaleDays": ("STALE_DAYS", _check_whole_number(1, 3650)),
    "DataLocations": ("DATA_LOCATIONS", _check_locations),
    "MaxScanBytes": ("MAX_SCAN_BYTES", _check_whole_number(1_048_576, 536_870_912)),
    "AnonymousScanFiles": ("ANONYMOUS_SCAN_FILES", _check_whole_number(1, 10_000)),
    "AnonymousScanBytes": (
        "ANONYMOUS_SCAN_BYTES",
        _check_whole_number(1_048_576, 536_870_912),
    ),
    "AnonymousScanSeconds": ("ANONYMOUS_SCAN_SECONDS", _check_whole_number(1, 15)),
    "DownloadLinkSeconds": ("DOWNLOAD_LINK_SECONDS", _check_whole_number(1, 3600)),
    "CorsOrigins": ("CORS_ORIGINS", _check_origins),
    # All of them together make the issuers: _check_issuers.
    "JwtIssuer": ("JWT_ISSUER", str),
    "JwtAudience": ("JWT_AUDIENCE", str),
    "JwksUrl": ("JWKS_URL", str),
    "JwtGroupsClaim": ("JWT_GROUPS_CLAIM", str),
    "JwtGrants": ("JWT_GRANTS", str),
    "JwtIssuers": ("JWT_ISSUERS", str),
    "PortalClientId": ("PORTAL_CLIENT_ID", str),
    "PortalScope": ("PORTAL_SCOPE", str),
    "PortalOrigins": ("PORTAL_ORIGINS", str),
}
