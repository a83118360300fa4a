"""Declarations: what people have said of tags, namespaces and sources through Marquez' API."""

from datetime import datetime
from typing import Annotated

import msgspec

AwareMoment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with a time zone, as the file has it."""


class DeclaredTag(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tag that somebody has created."""

    description: str | None = None


class DeclaredNamespace(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A namespace that somebody has created."""

    owner_name: str
    description: str | None = None
    created_at: AwareMoment
    updated_at: AwareMoment


class DeclaredSource(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A source that somebody has created."""

    type: str
    connection_url: str
    description: str | None = None
    created_at: AwareMoment
    updated_at: AwareMoment


class Declarations(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The declarations, by name."""

    tags: dict[str, DeclaredTag] = {}
    namespaces: dict[str, DeclaredNamespace] = {}
    sources: dict[str, DeclaredSource] = {}
