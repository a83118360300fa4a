"""The configuration of a function, read once from its environment."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, from_json

from datamesh.errors import InvalidSettings
from datamesh.models.ports import OTHER
from datamesh.models.products import Domain

BUCKET_ARN = re.compile(r"^arn:[a-z-]+:s3:::([a-z0-9.-]+)$")


def parsed_json(value: object) -> object:
    return from_json(value) if isinstance(value, str) else value


def prefixes(value: object) -> object:
    """With commas between. The stack gives the ARNs of whole buckets, which its policies need."""
    if not isinstance(value, str):
        return value
    parts = [BUCKET_ARN.sub(r"s3://\1/", part.strip()) for part in value.split(",")]
    found = tuple(filter(None, parts))
    for prefix in found:
        if not re.fullmatch(OTHER, prefix):
            raise ValueError(f"'{prefix}' is neither s3://<bucket>/[<prefix>/] nor a bucket's ARN")
    return found


def three_confidences(value: object) -> object:
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
    """Fields are the published environment variables in lower case."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    catalog_bucket: str = Field(min_length=3)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    max_products: int = Field(default=1000, ge=1)
    max_lineage_entries: int = Field(default=10_000, ge=1)
    cache_seconds: float = Field(default=0, ge=0, le=3600)
    """How old a copy of the registry a read may answer from; 0 asks storage every time."""
    stale_days: int = Field(default=90, ge=1)
    """A product that was not updated for so long is counted as stale."""
    usage_api_id: str | None = None
    """The API whose usage CloudWatch is asked for."""
    openlineage_auto_register: bool = True
    openlineage_domains: Annotated[dict[str, Domain], BeforeValidator(parsed_json)] = {}
    """Namespace of datasets or jobs -> domain of the products that events register."""
    openlineage_confidence: Annotated[
        tuple[float, float, float], BeforeValidator(three_confidences)
    ] = (1.0, 0.9, 0.5)
    """Of edges from `lineage` facets, from `columnLineage` facets, from inputs and outputs."""
    data_prefixes: Annotated[tuple[str, ...], BeforeValidator(prefixes)] = ()
    """Where, besides `domains/` of the catalog's bucket, output ports may lie."""
    max_scan_bytes: int = Field(default=128 * 1024 * 1024, ge=1)
    """How much stored data one query of domain data may read."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raise InvalidSettings naming every variable with a bad value."""
    try:
        return Settings.model_validate(dict(environ))
    except ValidationError as error:
        raise InvalidSettings("; ".join(_describe(problem) for problem in error.errors())) from None


def _describe(problem: ErrorDetails) -> str:
    variable = str(problem["loc"][0])
    return f"{variable}: {problem['msg']}"
