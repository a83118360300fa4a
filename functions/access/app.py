"""Grant roles, take them back, and tell callers who they are."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from typing import Annotated

from fastapi import Depends, Path, Query

from datamesh.http.access import declare_read
from datamesh.http.app import create_app, require_principal
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.http.parameters import AsOf
from datamesh.models.grants import Caller, GrantRequest, RevokedGrant, StoredGrant
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Written
from datamesh.models.values import utc_now
from datamesh.services.access import grants

app = create_app("Access")

GrantId = Annotated[
    str,
    Path(pattern=r"^[0-9a-f]{16}$", description="Id of the grant.", examples=["3f1c0a5be2d47a90"]),
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
async def revoke_grant(
    grant_id: GrantId, context: CurrentContext, resources: CurrentResources
) -> Written[RevokedGrant]:
    """Take a grant back.

    Whoever may give it may take it back. Requests that have begun are finished.
    """
    grant = grants.revoke_grant(context, resources.open_access(), grant_id)
    message = f"'{grant.principal}' is no longer {grant.role} of '{grant.domain}'"
    return Written(message=message, data=RevokedGrant(id=grant.id))


handler = create_lambda_handler(app, os.environ)
