"""Tags, namespaces and sources that people declare: kept beside what the registry tells of them."""

from collections.abc import Callable

from msgspec.structs import replace

from datamesh.errors.access import ForeignNamespaces
from datamesh.errors.storage import LimitReached
from datamesh.models.access import Role
from datamesh.models.declarations import (
    Declarations,
    DeclaredNamespace,
    DeclaredSource,
    DeclaredTag,
)
from datamesh.models.marquez_requests import NamespaceRequest, SourceRequest
from datamesh.models.values import TICK
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.storage.declarations_file import DeclarationsFile
from datamesh.storage.document import Document

MAX_DECLARED_BYTES = 1_048_576
"""How many bytes of JSON all declarations take at most."""

type DeclarationsDocument = Document[DeclarationsFile]
type _Declare = Callable[[Declarations], Declarations]


def declare_tag(
    context: RequestContext, document: DeclarationsDocument, name: str, description: str | None
) -> None:
    """Create a tag, or describe it anew.

    Raises Forbidden, LimitReached, and what a commit raises.
    """
    context.permissions.check_role_somewhere(Role.CONTRIBUTOR)
    tag = DeclaredTag(description=description)
    _commit(context, document, lambda known: _set(known, "tags", name, tag))


def declare_unknown_tag(context: RequestContext, document: DeclarationsDocument, name: str) -> None:
    """Create a tag unless it is there. Raises as `declare_tag` does."""

    def declare(known: Declarations) -> Declarations:
        return known if name in known.tags else _set(known, "tags", name, DeclaredTag())

    _commit(context, document, declare)


def declare_namespace(
    context: RequestContext,
    registry: Registry,
    document: DeclarationsDocument,
    name: str,
    request: NamespaceRequest,
) -> None:
    """Create a namespace, or describe it anew.

    Raises ForeignNamespaces, LimitReached, and what a commit raises.
    """
    if foreign := context.permissions.find_foreign_namespaces([name], {}):
        raise ForeignNamespaces(context.principal, foreign)
    now = context.choose_registration_time(registry.now)
    new = DeclaredNamespace(**dict(request), created_at=now, updated_at=now)

    def declare(known: Declarations) -> Declarations:
        before = known.namespaces.get(name)
        return _set(known, "namespaces", name, _follow(before, new) if before else new)

    _commit(context, document, declare)


def declare_source(
    context: RequestContext,
    registry: Registry,
    document: DeclarationsDocument,
    name: str,
    request: SourceRequest,
) -> None:
    """Create a source, or describe it anew.

    Raises Forbidden, LimitReached, and what a commit raises.
    """
    context.permissions.check_role_somewhere(Role.CONTRIBUTOR)
    now = context.choose_registration_time(registry.now)
    new = DeclaredSource(**dict(request), created_at=now, updated_at=now)

    def declare(known: Declarations) -> Declarations:
        before = known.sources.get(name)
        return _set(known, "sources", name, _follow(before, new) if before else new)

    _commit(context, document, declare)


def _follow[D: (DeclaredNamespace, DeclaredSource)](before: D, new: D) -> D:
    """Return what is declared anew, as old as it was; the very declaration if it says the same."""
    after = replace(new, created_at=before.created_at, updated_at=before.updated_at)
    if after == before:
        return before
    return replace(after, updated_at=max(new.updated_at, before.updated_at + TICK))


def _set(known: Declarations, kind: str, name: str, declared: object) -> Declarations:
    named = getattr(known, kind)
    if named.get(name) == declared:
        return known
    return replace(known, **{kind: dict(sorted({**named, name: declared}.items()))})


def _commit(context: RequestContext, document: DeclarationsDocument, declare: _Declare) -> None:
    def change(file: DeclarationsFile) -> tuple[DeclarationsFile, None]:
        after = declare(file.declared)
        if after is file.declared:
            return file, None
        after_file = file.model_copy(update={"declared": after})
        size = after_file.measure_records()
        if size > MAX_DECLARED_BYTES and size > file.measure_records():
            what = "the most bytes of declared tags, namespaces and sources"
            raise LimitReached(what, MAX_DECLARED_BYTES)
        return after_file, None

    context.commit_derived(document, change)
