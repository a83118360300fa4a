"""The part of a product's versions that `products.json` keeps."""

from pydantic import BaseModel, ConfigDict, Field

from datamesh.models.lifecycle import is_unset
from datamesh.models.values import Timestamp


class VersionStamp(BaseModel):
    """The version that a product is: which one, since when, by whom, and where the last one is."""

    model_config = ConfigDict(frozen=True)

    number: int = 1
    """Counts the versions of the product, from 1."""
    at: Timestamp | None = Field(default=None, exclude_if=is_unset)
    """When it was made; None for one that is as old as the product."""
    by: str | None = Field(default=None, exclude_if=is_unset)
    """The principal that has made it; None if that is unknown."""
    past: str | None = Field(default=None, exclude_if=is_unset)
    """The version before it: `<name of the product then>/<digest of the stored object>`."""
