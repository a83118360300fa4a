"""Endpoints and credentials of S3, from the environment as AWS's SDKs read it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from datamesh.errors.storage import StorageUnavailable

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Credentials:
    """An access key, and its session token if it is a temporary one."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Endpoint:
    """Where a bucket is reached: the path of a key is `prefix` and the key."""

    secure: bool
    host: str
    prefix: str

    @property
    def origin(self) -> str:
        """Scheme and host, like `https://b.s3.eu-west-1.amazonaws.com`."""
        return f"{'https' if self.secure else 'http'}://{self.host}"

    def build_path(self, key: str) -> str:
        """Return the path of a key, percent-encoded as it is signed: `a b` -> `/a%20b`."""
        return quote(self.prefix + key, safe="/-_.~")


@dataclass
class EndpointResolver:
    """Finds the endpoint of a bucket: the one that is configured, or else AWS's own."""

    endpoint: str | None
    dual_stack: bool = False
    fips: bool = False

    def resolve(self, bucket: str, region: str) -> Endpoint:
        """Return the endpoint of a bucket in a region."""
        if self.endpoint:
            url = urlsplit(self.endpoint)
            return Endpoint(url.scheme == "https", url.netloc, f"{url.path.rstrip('/')}/{bucket}/")
        service = "s3-fips" if self.fips else "s3"
        names = [service, "dualstack", region] if self.dual_stack else [service, region]
        host = ".".join([*names, self._find_dns_suffix(region)])
        # A certificate of *.s3.<region> does not cover a name with a dot in it.
        return (
            Endpoint(True, host, f"/{bucket}/")
            if "." in bucket
            else Endpoint(True, f"{bucket}.{host}", "/")
        )

    def _find_dns_suffix(self, region: str) -> str:
        partitions = self._partitions
        fitting = (each for each in partitions if re.match(each["regionRegex"], region))
        suffix: str = next(fitting, partitions[0])["outputs"]["dnsSuffix"]
        return suffix

    @cached_property
    def _partitions(self) -> list[Any]:
        """AWS's own list: China's regions, for example, have names of another domain."""
        found = json.loads((find_sdk_folder() / "data/partitions.json").read_bytes())
        return list(found["partitions"])


def create_resolver(environ: Mapping[str, str]) -> EndpointResolver:
    """Create the resolver that the environment describes: AWS_ENDPOINT_URL_S3 and others."""

    def is_true(name: str) -> bool:
        return environ.get(name, "").lower() == "true"

    return EndpointResolver(
        environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
        dual_stack=is_true("AWS_USE_DUALSTACK_ENDPOINT"),
        fips=is_true("AWS_USE_FIPS_ENDPOINT"),
    )


def find_ca_bundle(environ: Mapping[str, str]) -> str:
    """Return the file of the trusted certificate authorities: by default botocore's own."""
    return environ.get("AWS_CA_BUNDLE") or str(find_sdk_folder() / "cacert.pem")


def find_sdk_folder() -> Path:
    """Return the folder of botocore, which holds AWS's lists and certificates."""
    import botocore

    return Path(botocore.__file__).parent


def load_identity(environ: Mapping[str, str]) -> tuple[str, Callable[[], Credentials]]:
    """Return the region, and a function that returns the current credentials.

    What the environment does not tell, the SDK finds: in a profile, from single sign-on, or, as
    with SnapStart, from an address within the function. Raises StorageUnavailable if it fails; so
    does the function, also if there are no credentials.
    """
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if region and key and secret:
        fixed = Credentials(key, secret, environ.get("AWS_SESSION_TOKEN"))
        return region, lambda: fixed
    # Not imported where it is not needed: it would take a fifth of a cold start.
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    session = Session()
    try:
        found = session.get_credentials()
        region = region or session.get_config_variable("region")
    except BotoCoreError as error:
        raise StorageUnavailable(str(error)) from error

    def get_current() -> Credentials:
        if found is None:
            raise StorageUnavailable("there are no AWS credentials")
        try:
            # Renewed before they expire.
            frozen = found.get_frozen_credentials()
        except BotoCoreError as error:
            raise StorageUnavailable(str(error)) from error
        assert frozen.access_key and frozen.secret_key
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return region or DEFAULT_REGION, get_current
