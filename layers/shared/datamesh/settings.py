"""The configuration of a function, read once from its environment."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from datamesh.errors.base import InvalidSettings
from datamesh.models.json_codec import decode_lenient
from datamesh.models.ports import GRANTED_LOCATION
from datamesh.models.products import Domain
from datamesh.models.read_access import ReadAccess

DEFAULT_PRODUCTS_BYTES = 10 * 1024 * 1024
DEFAULT_LINEAGE_BYTES = 28 * 1024 * 1024
"""The sizes of content with which a function that reads fits into 256 MB, and one that writes into
512 MB (docs/operations.md)."""


def parse_json(value: object) -> object:
    """Return the document that a text holds; any other value stays as it is."""
    return decode_lenient(value) if isinstance(value, str) else value


def parse_data_locations(value: object) -> object:
    """Return the prefixes that are granted to each domain, and to all domains under `*`.

    `Sales=s3://lake/sales/,*=s3://open/` -> `{"sales": ("s3://lake/sales/",), "*": ("s3://open/",)}`
    Raises ValueError for a part of another form.
    """
    if not isinstance(value, str):
        return value
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(None, map(str.strip, value.split(","))):
        domain, _, location = part.partition("=")
        domain, location = domain.strip().casefold(), location.strip()
        if not domain or not re.fullmatch(GRANTED_LOCATION, location):
            raise ValueError(f"'{part}' is neither <domain>=s3://<bucket>/... nor *=s3://...")
        found[domain] = (*found.get(domain, ()), location)
    return found


def parse_confidences(value: object) -> object:
    """Split three confidences: `1,0.9,0.5` -> `(1.0, 0.9, 0.5)`.

    Raises ValueError unless there are three numbers from 0 to 1.
    """
    if not isinstance(value, str):
        return value
    try:
        found = tuple(float(part) for part in value.split(","))
    except ValueError:
        found = ()
    if len(found) != 3 or not all(0 <= each <= 1 for each in found):
        raise ValueError("three numbers from 0 to 1 with commas between")
    return found


class Settings(BaseModel):
    """The settings of a function. A field is an environment variable's name in lower case."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    catalog_bucket: str = Field(min_length=3)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    read_access: ReadAccess = ReadAccess.KEYED
    """How much is read without credentials."""
    max_products: int = Field(default=1000, ge=1)
    max_lineage_entries: int = Field(default=10_000, ge=1)
    max_products_bytes: int = Field(default=DEFAULT_PRODUCTS_BYTES, ge=1)
    """How many bytes of JSON all products together may take, before compression."""
    max_lineage_bytes: int = Field(default=DEFAULT_LINEAGE_BYTES, ge=1)
    """How many bytes of JSON all lineage entries together may take, before compression."""
    missing_products: Literal["refuse", "register"] = "refuse"
    """Lineage to what is no product is refused, or registers an inactive one."""
    missing_products_domain: Domain = "unknown"
    """The domain of the products that lineage registers."""
    cache_seconds: float = Field(default=0, ge=0, le=3600)
    """Greatest age, in seconds, of the copy of the registry that a read may use; 0 disables it."""
    health_probe_seconds: float = Field(default=60, ge=1, le=3600)
    """The seconds that the health check believes that storage takes writes, or does not."""
    stale_days: int = Field(default=90, ge=1)
    """Days without an update after which a product counts as stale."""
    usage_api_id: str | None = None
    """The API whose usage the snapshots read from CloudWatch; None for none."""
    openlineage_auto_register: bool = True
    openlineage_domains: Annotated[dict[str, Domain], BeforeValidator(parse_json)] = {}
    """Namespace of a dataset or job -> domain of the products that its events register."""
    openlineage_confidence: Annotated[
        tuple[float, float, float], BeforeValidator(parse_confidences)
    ] = (1.0, 0.9, 0.5)
    """Confidence of edges from `lineage` facets, `columnLineage` facets, and inputs and outputs."""
    event_retention_days: int = Field(default=0, ge=0)
    """The days after which events are gone, by the bucket's lifecycle; 0 for never."""
    event_queue_url: str = ""
    """The SQS queue in which kept events wait to be derived; empty: they are derived at once."""
    event_dead_letters_url: str = ""
    """The SQS queue of the events that nothing could be derived from."""
    data_locations: Annotated[
        dict[str, tuple[str, ...]], BeforeValidator(parse_data_locations)
    ] = {}
    """Case-folded domain, or `*` for all -> where its data may lie besides its own folder."""
    max_scan_bytes: int = Field(default=128 * 1024 * 1024, ge=1)
    """How many stored bytes one query of domain data may read."""
    anonymous_scan_files: int = Field(default=32, ge=1)
    """How many stored files one query without a principal may open: a month of daily ones."""
    anonymous_scan_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    """How many stored bytes one query without a principal may read."""
    anonymous_scan_seconds: float = Field(default=5, ge=0.1, le=15)
    """How long the statements of one query without a principal may take together."""
    download_link_seconds: int = Field(default=300, ge=1, le=3600)
    """The seconds that a link to a file of domain data works."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    Raises InvalidSettings, which names every variable with a bad value.
    """
    try:
        return Settings.model_validate(dict(environ))
    except ValidationError as error:
        raise InvalidSettings(
            "; ".join(_describe_problem(problem) for problem in error.errors())
        ) from None


def _describe_problem(problem: ErrorDetails) -> str:
    variable = str(problem["loc"][0])
    return f"{variable}: {problem['msg']}"
