"""Grant roles, take them back, decide on requests, and tell callers who they are."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from typing import Annotated

from fastapi import Depends, Path, Query

from datamesh.models.access import Role
from datamesh.http import access_requests
from datamesh.http.access import declare_read, declare_write
from datamesh.http.app import create_app, require_principal
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.http.parameters import AsOf
from datamesh.http.secret_answers import SECRET_ANSWER
from datamesh.models.grants import Caller, GrantRequest, RevokedGrant, StoredGrant
from datamesh.models.keys import (
    KEY_ID_PATTERN,
    IssuedKey,
    KeyDescription,
    KeyRequest,
    RemovedKey,
    RotationRequest,
)
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Written
from datamesh.models.values import utc_now
from datamesh.services.access import grants, keys

app = create_app("Access")

GrantId = Annotated[
    str,
    Path(pattern=r"^[0-9a-f]{16}$", description="Id of the grant.", examples=["90e325021c213d06"]),
]
KeyIdInPath = Annotated[
    str,
    Path(pattern=KEY_ID_PATTERN, description="Id of the key.", examples=["sales-etl"]),
]
KEYED = [Depends(require_principal)]


@app.get("/me", responses=document_errors(401, 403, 503), dependencies=KEYED)
@declare_read(ReadKind.KEYED)
async def get_caller(context: CurrentContext) -> Caller:
    """Read who asks.

    The answer names the principal of the credentials, and the roles that it has now.
    """
    return grants.describe_caller(context.permissions)


@app.post("/grants", responses=document_errors(400, 401, 403, 409, 422, 429, 503))
@declare_write(Role.STEWARD)
async def grant_role(
    request: GrantRequest, context: CurrentContext, resources: CurrentResources
) -> Written[StoredGrant]:
    """Grant a role.

    A steward grants roles of the domain, an administrator all. A grant of the same role in the same
    place replaces the former. It works at once for writes, and for reads that are not cached.
    """
    grant = grants.grant_role(context, resources.open_access(), request, utc_now())
    place = "all domains" if grant.domain == "*" else f"the domain '{grant.domain}'"
    message = f"'{grant.principal}' is {grant.role} of {place}"
    return Written(message=message, data=grant)


@app.get("/grants", responses=document_errors(401, 403, 410, 422, 503), dependencies=KEYED)
@declare_read(ReadKind.KEYED)
async def list_grants(
    context: CurrentContext,
    resources: CurrentResources,
    principal: Annotated[str | None, Query(description="The grants of this principal.")] = None,
    domain: Annotated[
        str | None, Query(description="The grants of this domain, in upper or lower case.")
    ] = None,
    as_of: AsOf = None,
) -> list[StoredGrant]:
    """List grants, the earliest first.

    Administrators see all, stewards those of their domains, and everybody their own. Grants that
    have expired are listed until the next one is given.
    """
    file = (
        resources.open_access().read(context.deadline)
        if as_of is None
        else resources.access_at(as_of, context.deadline)
    )
    return grants.list_grants(context.permissions, file, principal, domain)


@app.delete("/grants/{grant_id}", responses=document_errors(401, 403, 404, 409, 422, 503))
@declare_write(Role.STEWARD, refusal="404")
async def revoke_grant(
    grant_id: GrantId, context: CurrentContext, resources: CurrentResources
) -> Written[RevokedGrant]:
    """Take a grant back.

    Whoever may give it may take it back. A commit that is on its way to storage is finished.
    """
    grant = grants.revoke_grant(context, resources.open_access(), grant_id)
    message = f"'{grant.principal}' is no longer {grant.role} of '{grant.domain}'"
    return Written(message=message, data=RevokedGrant(id=grant.id))


@app.post(
    "/keys",
    responses=document_errors(400, 401, 403, 409, 422, 429, 503),
    dependencies=SECRET_ANSWER,
)
@declare_write(Role.STEWARD)
async def create_key(
    request: KeyRequest, context: CurrentContext, resources: CurrentResources
) -> Written[IssuedKey]:
    """Make a key with its grants.

    The answer alone shows the key; what is stored is its digest. Who may give all of its grants may
    make it. No `Idempotency-Key` is taken, since its answer would be kept.
    """
    key = keys.create_key(context, resources.open_access(), request, utc_now())
    return Written(message=f"Key '{key.id}' is made; this answer alone shows it", data=key)


@app.get("/keys", responses=document_errors(401, 403, 422, 503), dependencies=KEYED)
@declare_read(ReadKind.KEYED)
async def list_keys(context: CurrentContext, resources: CurrentResources) -> list[KeyDescription]:
    """List keys, the earliest first.

    Administrators see all, stewards those whose grants they may give, and each key itself. No
    secret is shown. Keys of the stack itself are not among them.
    """
    file = resources.open_access().read(context.deadline)
    return keys.list_keys(context.permissions, file, resources.list_key_uses(context.deadline))


@app.post(
    "/keys/{key_id}/rotate",
    responses=document_errors(400, 401, 403, 404, 409, 422, 503),
    dependencies=SECRET_ANSWER,
)
@declare_write(Role.STEWARD, refusal="404")
async def rotate_key(
    key_id: KeyIdInPath,
    request: RotationRequest,
    context: CurrentContext,
    resources: CurrentResources,
) -> Written[IssuedKey]:
    """Give a key a new secret.

    The former one works on for `overlap_days`, unless the key is rotated again before: it has two
    secrets at most. The key's end is set anew. No `Idempotency-Key` is taken.
    """
    key = keys.rotate_key(context, resources.open_access(), key_id, request, utc_now())
    return Written(message=f"Key '{key.id}' is rotated; this answer alone shows it", data=key)


@app.delete("/keys/{key_id}", responses=document_errors(401, 403, 404, 409, 422, 503))
@declare_write(Role.STEWARD, refusal="404")
async def delete_key(
    key_id: KeyIdInPath, context: CurrentContext, resources: CurrentResources
) -> Written[RemovedKey]:
    """Delete a key and its grants.

    It is refused within 120 seconds everywhere: authorizers remember keys for a minute, and API
    Gateway what they have said for another one. Its grants are gone at once.
    """
    removed = keys.delete_key(context, resources.open_access(), key_id)
    return Written(message=f"Key '{removed.id}' is deleted", data=removed)


app.router.routes += access_requests.router.routes

handler = create_lambda_handler(app, os.environ)
