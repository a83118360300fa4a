"""The configuration of a function, read once from its environment."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from datamesh.errors import InvalidSettings
from datamesh.models.ports import OTHER

BUCKET_ARN = re.compile(r"^arn:[a-z-]+:s3:::([a-z0-9.-]+)$")


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


class Settings(BaseModel):
    """Fields are the published environment variables in lower case."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    catalog_bucket: str = Field(min_length=3)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    max_products: int = Field(default=1000, ge=1)
    max_lineage_entries: int = Field(default=10_000, ge=1)
    cache_seconds: float = Field(default=0, ge=0, le=3600)
    """How old a copy of the registry a read may answer from; 0 asks storage every time."""
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
