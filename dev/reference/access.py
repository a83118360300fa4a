"""The page of who may call which operation, from what the operations declare and from the rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from datamesh.errors.access import Forbidden, Unauthenticated
from datamesh.http.access import ACCESS_EXTENSION, AS_OF
from datamesh.models.access import ADMINISTRATOR, Grant, Role, Visibility
from datamesh.models.declared_access import DeclaredRead, Place
from datamesh.models.read_access import ReadAccess, ReadKind
from datamesh.services.access.read_access import check_declared_read
from datamesh.services.permissions import Permissions
from dev.reference.api import read_document
from dev.reference.markdown import as_code, render_table

DOMAIN, ELSEWHERE = "sales", "marketing"
"""The domain of what is asked for, and another one."""
MAY = "yes"

INTRODUCTION = """\
# Access

Every operation against every role. The tables are written from what the operations declare and the
rules that decide, and a test tries each cell. [Who may do what](../guides/access.md) has the roles
and how to grant them; [requests](../guides/requests.md#who-may-read) the modes of reads.

**here** is the domain of the product, or of what else is asked for; **elsewhere** is another one.
A role of all domains (`*`) is one here. *no grant* has credentials and no grant, as a token of an
issuer that knows all the world. Administrators may call every operation."""
READS = """\
## Reads

The modes (`ReadAccess`) in which a caller is answered, of an `internal` product. Elsewhere a caller
without credentials gets 401, another one 403. `as_of` stands for the same read of the past.

A `private` product is 404 for everybody but readers of its domain, and left out of all lists,
counts and graphs. The rows of a `public` product are for whoever may read the catalog, and so are
its files, with a key."""
WRITES = """\
## Writes

The same in each mode. The domain is that of the product, of the target of lineage, of the grant, or
that the namespace is named after or was given to (`OpenLineageDomains`); what names several takes
the role in each. A `private` product that the caller may not see is 404."""


@dataclass(frozen=True)
class TableCaller:
    """A column of the tables."""

    title: str
    principal: str | None
    grants: Sequence[Grant] = ()

    def build_permissions(self, mode: ReadAccess = ReadAccess.KEYED) -> Permissions:
        """Return what the caller may do in a mode."""
        return Permissions(self.principal, own=self.grants, read_access=mode)


def _list_callers() -> Iterator[TableCaller]:
    yield TableCaller("anonymous", None)
    yield TableCaller("no grant", "key:nobody")
    for role in (Role.READER, Role.CONTRIBUTOR, Role.STEWARD):
        for place, domain in (("elsewhere", ELSEWHERE), ("here", DOMAIN)):
            yield TableCaller(f"{role} {place}", f"key:{role}-{place}", [Grant(role, domain)])
    yield TableCaller("admin", "key:admin", [ADMINISTRATOR])


CALLERS = tuple(_list_callers())


@dataclass(frozen=True)
class SampleProduct:
    """A product that reads ask for."""

    name: str = "orders"
    domain: str = DOMAIN
    visibility: Visibility = Visibility.INTERNAL
    created_at: datetime = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass(frozen=True)
class TableRow:
    """An operation, or its form that reads the past."""

    method: str
    path: str
    declared: Mapping[str, str]
    is_past: bool = False

    @property
    def title(self) -> str:
        """The operation, as the first cell of its row."""
        return f"{self.method} {self.path}{f'?{AS_OF}=' if self.is_past else ''}"

    def find_refusal(self, caller: TableCaller, mode: ReadAccess) -> str:
        """Return what a caller is refused with, such as a status; empty if nothing is."""
        try:
            if "read" in self.declared:
                self._check_read(caller.build_permissions(mode))
            else:
                self._check_write(caller.build_permissions(mode))
        except Unauthenticated:
            return "401"
        except Forbidden:
            return self.declared.get("refusal", "403")
        return ""

    def _check_read(self, permissions: Permissions) -> None:
        kind, role = ReadKind(self.declared["read"]), self.declared.get("role")
        declared = DeclaredRead(kind, Role(role) if role else None)
        check_declared_read(permissions, declared, is_past=self.is_past)
        if kind in (ReadKind.ROWS, ReadKind.FILES):
            permissions.check_rows(SampleProduct())

    def _check_write(self, permissions: Permissions) -> None:
        if permissions.principal is None:
            raise Unauthenticated("")
        if self.declared["write"] == "credentials":
            return
        role = Role(self.declared["write"])
        if role is Role.ADMIN:
            permissions.check_admin()
        elif self.declared["in"] == Place.SOMEWHERE:
            permissions.check_role_somewhere(role)
        else:
            permissions.check_role(role, DOMAIN)


def list_rows(document: Mapping[str, Any] | None = None) -> list[TableRow]:
    """Return all rows, in the order of the document. Raises KeyError for what declares nothing."""
    rows = []
    for path, operations in (document or read_document())["paths"].items():
        for method, operation in operations.items():
            declared = operation[ACCESS_EXTENSION]
            rows.append(TableRow(method.upper(), path, declared))
            names = [each["name"] for each in operation.get("parameters", [])]
            if AS_OF in names:
                rows.append(TableRow(method.upper(), path, declared, is_past=True))
    return rows


def render_access() -> str:
    """Return the page: the table of reads, and that of writes."""
    rows = list_rows()
    titles = [caller.title for caller in CALLERS]
    lines = [*INTRODUCTION.splitlines(), "", *READS.splitlines()]
    lines += render_table(
        ("operation", "kind", *titles),
        (_render_read(row) for row in rows if "read" in row.declared),
    )
    lines += ["", *WRITES.splitlines()]
    lines += render_table(
        ("operation", "takes", *titles),
        (_render_write(row) for row in rows if "write" in row.declared),
    )
    return "\n".join(lines) + "\n"


def _render_read(row: TableRow) -> list[str]:
    kinds = [row.declared["read"], *(["past"] if row.is_past else [])]
    return [as_code(row.title), ", ".join(kinds), *(_list_modes(row, each) for each in CALLERS)]


def _list_modes(row: TableRow, caller: TableCaller) -> str:
    modes = [str(mode) for mode in ReadAccess if not row.find_refusal(caller, mode)]
    return "all" if len(modes) == len(ReadAccess) else ", ".join(modes) or "none"


def _render_write(row: TableRow) -> list[str]:
    role, place = row.declared["write"], row.declared.get("in", "")
    note = row.declared.get("note", "")
    takes = "; ".join(filter(None, (" ".join(filter(None, (role, place and f"({place})"))), note)))
    cells = (row.find_refusal(each, ReadAccess.KEYED) or MAY for each in CALLERS)
    return [as_code(row.title), takes, *cells]
