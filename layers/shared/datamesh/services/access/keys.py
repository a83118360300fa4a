"""Make keys of the API, rotate their secrets, and delete them (docs/adr/0033-keys.md)."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256

from datamesh.errors.access import (
    Forbidden,
    InvalidKeyLife,
    KeyIdTaken,
    KeyNotFound,
)
from datamesh.errors.storage import LimitReached
from datamesh.models.grants import GrantScope, StoredGrant
from datamesh.models.keys import (
    MAX_SECRETS,
    IssuedKey,
    KeyDescription,
    KeyLife,
    KeyRequest,
    RemovedKey,
    RotationRequest,
    StoredKey,
    StoredSecret,
    build_principal,
)
from datamesh.services.access.grants import (
    add_grants,
    build_grant_id,
    check_grant_ends,
    check_may_give,
    check_may_grant,
)
from datamesh.services.context import RequestContext
from datamesh.services.permissions import Permissions
from datamesh.storage.access_file import AccessFile
from datamesh.storage.document import Document

MAX_KEYS = 1000
"""How many keys there may be, those that have expired included."""
SECRET_BYTES = 32


def create_key(
    context: RequestContext, access: Document[AccessFile], request: KeyRequest, now: datetime
) -> IssuedKey:
    """Make a key with its grants, in one commit, and return it with its secret.

    Raises Forbidden and ForeignNamespaces for grants that the caller may not give, InvalidKeyLife,
    GrantEnded, KeyIdTaken, LimitReached, and what a commit raises.
    """
    fields = ((f"grants.{at}.expires_at", scope) for at, scope in enumerate(request.grants))
    check_grant_ends(fields, now)
    principal = build_principal(request.id)
    ends = _compute_end(request, now)
    credential, secret = _make_secret(request.id, now, ends)
    key = StoredKey(
        id=request.id,
        owner=request.owner,
        created_at=now,
        created_by=context.principal or "",
        expires_at=ends,
        secrets=(secret,),
        made_with=request.grants,
    )
    grants = [
        StoredGrant(
            id=build_grant_id(principal, scope.role, scope.domain),
            principal=principal,
            granted_by=context.principal or "",
            granted_at=now,
            **dict(scope),
        )
        for scope in request.grants
    ]

    def change(file: AccessFile) -> tuple[AccessFile, IssuedKey]:
        for scope in request.grants:
            check_may_give(context.permissions, scope)
        # Whoever makes the key takes over what its principal was granted before.
        if key.id in file.keys or not _can_give_all(
            context.permissions, find_key_grants(file, principal)
        ):
            raise KeyIdTaken(key.id)
        if len(file.keys) >= MAX_KEYS:
            raise LimitReached("Keys", MAX_KEYS)
        kept = _drop_requests(add_grants(file, grants, now), principal)
        made = kept.model_copy(update={"keys": {**kept.keys, key.id: key}})
        return made, _build_issued_key(made, key, credential)

    return context.commit_audited(access, change)


def rotate_key(
    context: RequestContext,
    access: Document[AccessFile],
    key_id: str,
    request: RotationRequest,
    now: datetime,
) -> IssuedKey:
    """Give a key a new secret, and return it; the former goes on for the overlap.

    Raises KeyNotFound, for one as well that the caller may not manage, InvalidKeyLife, and what a
    commit raises.
    """
    ends = _compute_end(request, now)
    credential, secret = _make_secret(key_id, now, ends)
    overlap_ends = now + timedelta(days=request.overlap_days)

    def change(file: AccessFile) -> tuple[AccessFile, IssuedKey]:
        key = find_managed_key(context.permissions, file, key_id)
        former = [
            each.model_copy(update={"expires_at": min(each.expires_at, overlap_ends)})
            for each in key.secrets
            if min(each.expires_at, overlap_ends) > now
        ]
        kept = (*former, secret)[-MAX_SECRETS:]
        rotated = key.model_copy(update={"secrets": kept, "expires_at": ends})
        made = file.model_copy(update={"keys": {**file.keys, key_id: rotated}})
        return made, _build_issued_key(made, rotated, credential)

    return context.commit_audited(access, change)


def delete_key(context: RequestContext, access: Document[AccessFile], key_id: str) -> RemovedKey:
    """Delete a key, the grants of its principal, and its requests for access.

    Raises KeyNotFound, for one as well that the caller may not manage, and what a commit raises.
    """

    def change(file: AccessFile) -> tuple[AccessFile, RemovedKey]:
        key = file.keys.get(key_id)
        if key is None or not _can_delete(
            context.permissions, key, find_key_grants(file, key.principal)
        ):
            raise KeyNotFound(key_id)
        grants = {i: each for i, each in file.grants.items() if each.principal != key.principal}
        keys = {i: each for i, each in file.keys.items() if i != key_id}
        removed = RemovedKey(id=key_id, grants_removed=len(file.grants) - len(grants))
        left = _drop_requests(file, key.principal)
        return left.model_copy(update={"grants": grants, "keys": keys}), removed

    return context.commit_audited(access, change)


def list_keys(
    permissions: Permissions, file: AccessFile, last_used: Mapping[str, date]
) -> list[KeyDescription]:
    """Return the keys that the caller may delete, and its own, the earliest first.

    Of those of others, the grants that the caller may not give are left out.
    """
    grants: dict[str, list[StoredGrant]] = {}
    for grant in file.grants.values():
        grants.setdefault(grant.principal, []).append(grant)
    found = []
    for key in file.keys.values():
        held = grants.get(key.principal, [])
        if key.principal != permissions.principal:
            if not _can_delete(permissions, key, held):
                continue
            held = [each for each in held if _can_give_all(permissions, [each])]
        found.append(KeyDescription.describe(key, held, last_used.get(key.id)))
    return found


def find_managed_key(permissions: Permissions, file: AccessFile, key_id: str) -> StoredKey:
    """Return a key that the caller may rotate. Raises KeyNotFound."""
    key = file.keys.get(key_id)
    if key is None or not _can_manage(permissions, key, find_key_grants(file, key.principal)):
        raise KeyNotFound(key_id)
    return key


def find_key_grants(file: AccessFile, principal: str) -> list[StoredGrant]:
    """Return the grants of a principal, those that have expired included."""
    return [each for each in file.grants.values() if each.principal == principal]


def _drop_requests(file: AccessFile, principal: str) -> AccessFile:
    """Return the file without what a principal has asked for.

    Who makes a key of the same id later must not be given what the former one asked for. The former
    may ask once more while authorizers remember it, so they go when a key is made, too.
    """
    kept = {i: each for i, each in file.requests.items() if each.principal != principal}
    return file.model_copy(update={"requests": kept})


def _can_manage(permissions: Permissions, key: StoredKey, grants: list[StoredGrant]) -> bool:
    """Return whether the caller could have made the key: its new secret has all of its grants.

    Those that it was made with count when they have ended, too: who gives it one more meanwhile
    must not have the secret when they are given again.
    """
    made_with: list[StoredGrant | GrantScope] = [*key.made_with, *grants]
    return permissions.is_admin or (bool(made_with) and _can_give_all(permissions, made_with))


def _can_delete(permissions: Permissions, key: StoredKey, grants: list[StoredGrant]) -> bool:
    """Return whether the caller may delete a key: what others have given it locks nobody out."""
    is_maker = bool(key.made_with) and _can_give_all(permissions, key.made_with)
    return is_maker or _can_manage(permissions, key, grants)


def _can_give_all(permissions: Permissions, grants: Iterable[StoredGrant | GrantScope]) -> bool:
    try:
        for each in grants:
            check_may_grant(permissions, each.role, each.domain)
            if permissions.find_foreign_namespaces(each.namespaces, {}):
                return False
    except Forbidden:
        return False
    return True


def _compute_end(life: KeyLife, now: datetime) -> datetime:
    try:
        return life.compute_end(now)
    except ValueError as error:
        raise InvalidKeyLife(str(error)) from error


def _make_secret(key_id: str, now: datetime, ends: datetime) -> tuple[str, StoredSecret]:
    """Return a new credential, and what is stored of it."""
    credential = f"dm_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    digest = sha256(credential.encode()).hexdigest()
    return credential, StoredSecret(digest=digest, created_at=now, expires_at=ends)


def _build_issued_key(file: AccessFile, key: StoredKey, credential: str) -> IssuedKey:
    found = KeyDescription.describe(key, find_key_grants(file, key.principal), None)
    return IssuedKey(**dict(found), key=credential)
