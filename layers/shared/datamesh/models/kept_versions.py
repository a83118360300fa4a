"""Versions of products as they are stored, once others have replaced them."""

from pydantic import ConfigDict, Field

from datamesh.models.product_versions import VersionContent, VersionEntry


class EarlierVersion(VersionEntry):
    """A version as later ones remember it."""

    is_private: bool = Field(default=False, exclude_if=lambda is_private: not is_private)
    domain: str
    key: str
    """Where it is kept."""
    past: str | None
    """Where the version before it is kept."""


class KeptVersion(EarlierVersion, VersionContent):
    """A version that another one has replaced, as it is stored."""

    model_config = ConfigDict(frozen=True)

    product: str
    earlier: tuple[EarlierVersion, ...] = ()
    """The latest versions before it, newest first."""
