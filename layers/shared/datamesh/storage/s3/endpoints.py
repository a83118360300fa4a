"""Where S3 is reached and with which credentials: the environment, read as AWS's SDKs read it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datamesh.errors import StorageUnavailable

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Place:
    """Of a bucket: the path of a key is `prefix` and the key."""

    secure: bool
    host: str
    prefix: str

    @property
    def origin(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}"


@dataclass
class Places:
    """The endpoint that is configured, or else those of AWS."""

    endpoint: str | None
    dual_stack: bool = False
    fips: bool = False

    def of(self, bucket: str, region: str) -> Place:
        if self.endpoint:
            url = urlsplit(self.endpoint)
            return Place(url.scheme == "https", url.netloc, f"{url.path.rstrip('/')}/{bucket}/")
        service = "s3-fips" if self.fips else "s3"
        names = [service, "dualstack", region] if self.dual_stack else [service, region]
        host = ".".join([*names, self._suffix(region)])
        # A certificate of *.s3.<region> does not cover a name with a dot in it.
        return (
            Place(True, host, f"/{bucket}/")
            if "." in bucket
            else Place(True, f"{bucket}.{host}", "/")
        )

    def _suffix(self, region: str) -> str:
        partitions = self._partitions
        fitting = (each for each in partitions if re.match(each["regionRegex"], region))
        suffix: str = next(fitting, partitions[0])["outputs"]["dnsSuffix"]
        return suffix

    @cached_property
    def _partitions(self) -> list[Any]:
        """AWS's own list: China's regions, for one, have names of another domain."""
        found = json.loads((sdk_folder() / "data/partitions.json").read_bytes())
        return list(found["partitions"])


def places_of(environ: Mapping[str, str]) -> Places:
    def chosen(name: str) -> bool:
        return environ.get(name, "").lower() == "true"

    return Places(
        environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
        dual_stack=chosen("AWS_USE_DUALSTACK_ENDPOINT"),
        fips=chosen("AWS_USE_FIPS_ENDPOINT"),
    )


def authorities(environ: Mapping[str, str]) -> str:
    """The file of the authorities that are trusted: botocore's own, as with any of its clients."""
    return environ.get("AWS_CA_BUNDLE") or str(sdk_folder() / "cacert.pem")


def sdk_folder() -> Path:
    import botocore

    return Path(botocore.__file__).parent


def identity_of(environ: Mapping[str, str]) -> tuple[str, Callable[[], Credentials]]:
    """Region and credentials. What the environment does not tell, the SDK finds: in a profile, from
    single sign-on, or, as with SnapStart, from an address within the function."""
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

    def current() -> Credentials:
        if found is None:
            raise StorageUnavailable("there are no AWS credentials")
        try:
            # Renewed before they expire.
            frozen = found.get_frozen_credentials()
        except BotoCoreError as error:
            raise StorageUnavailable(str(error)) from error
        assert frozen.access_key and frozen.secret_key
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return region or DEFAULT_REGION, current
