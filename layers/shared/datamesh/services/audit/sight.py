"""Show stewards the part of an audit record that is of their domains; administrators see all."""

from collections.abc import Iterable

from datamesh.models.access import Role
from datamesh.models.audit import AuditedChange, AuditedCommit, AuditedDomain, AuditRecord
from datamesh.services.permissions import Permissions


def show_record(record: AuditRecord, permissions: Permissions) -> AuditRecord | None:
    """Return the part of a record that the caller may read; None if there is none.

    What a request did elsewhere is left out, and with it the path, which may name a product that
    the caller may not know of, and the events. A record of before domains were kept is for
    administrators.
    """
    if permissions.is_admin:
        return record
    shown = _show_commits(record.commits, permissions)
    planned = _show_commits(record.planned, permissions)
    refusal = record.refusal
    if refusal is not None and not permissions.has_role(Role.STEWARD, refusal.domain or ""):
        refusal = None
    if not shown and not planned and refusal is None:
        return None
    is_cut = (shown, planned, refusal) != (record.commits, record.planned, record.refusal)
    return record.model_copy(
        update={
            "commits": shown,
            "planned": planned,
            "refusal": refusal,
            "roles": {
                domain: role
                for domain, role in record.roles.items()
                if permissions.has_role(Role.STEWARD, domain)
            },
            "path": "" if is_cut else record.path,
            "events": () if is_cut else record.events,
            "cut": is_cut,
        }
    )


def _show_commits(
    commits: Iterable[AuditedCommit], permissions: Permissions
) -> tuple[AuditedCommit, ...]:
    shown = (_show_commit(each, permissions) for each in commits)
    return tuple(each for each in shown if each is not None)


def _show_commit(commit: AuditedCommit, permissions: Permissions) -> AuditedCommit | None:
    own = {
        domain: part
        for domain, part in commit.domains.items()
        if permissions.has_role(Role.STEWARD, domain)
    }
    if not own:
        return None
    if len(own) == len(commit.domains):
        return commit
    changes = [_show_change(each, own) for each in commit.changes]
    return commit.model_copy(
        update={
            "added": sum(part.added for part in own.values()),
            "changed": sum(part.changed for part in own.values()),
            "removed": sum(part.removed for part in own.values()),
            "products": tuple(sorted({name for part in own.values() for name in part.products})),
            "domains": own,
            "changes": tuple(each for each in changes if each is not None),
            "more_changes": 0,
        }
    )


def _show_change(change: AuditedChange, own: dict[str, AuditedDomain]) -> AuditedChange | None:
    """Return a change of the caller's domains; None for another.

    Lineage with a product of another domain keeps no field: they name that product.
    """
    domains = tuple(each for each in change.domains if each in own)
    if not domains:
        return None
    if len(domains) == len(change.domains):
        return change
    fields = () if change.kind == "lineage" else change.fields
    return change.model_copy(update={"domains": domains, "fields": fields, "more_fields": 0})
