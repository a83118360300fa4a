"""Declarations of routes: who may call them, as far as it can be said before a call."""

from dataclasses import dataclass
from enum import StrEnum

from datamesh.models.access import Role
from datamesh.models.read_access import ReadKind


class Place(StrEnum):
    """The domains in which a write takes its role."""

    DOMAIN = "domain"
    """The domain of each product, of each target of lineage, or of the grant that is written."""
    NAMESPACE = "namespace"
    """The domain that a namespace is named after, or that it was given to."""
    SOMEWHERE = "somewhere"
    """Any domain."""


@dataclass(frozen=True)
class DeclaredRead:
    """A declaration of a route that reads."""

    kind: ReadKind = ReadKind.CATALOG
    role: Role | None = None
    """The role that the caller must have in some domain; None where the kind says it all."""

    def describe(self) -> dict[str, str]:
        """Return the declaration as the document of the API has it."""
        role = {} if self.role is None else {"role": str(self.role)}
        return {"read": str(self.kind), **role}


@dataclass(frozen=True)
class DeclaredWrite:
    """A declaration of a route that writes."""

    role: Role | None
    """The role that the caller must have; None for whoever has credentials."""
    place: Place = Place.DOMAIN
    refusal: str = "403"
    """The answer where the role is missing: 404 if what is named is not there for others."""
    note: str = ""
    """The parts of the body that take a higher role."""

    def describe(self) -> dict[str, str]:
        """Return the declaration as the document of the API has it."""
        if self.role is None:
            return {"write": "credentials"}
        note = {"note": self.note} if self.note else {}
        return {
            "write": str(self.role),
            "in": str(self.place),
            "refusal": self.refusal,
            **note,
        }
