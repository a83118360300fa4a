"""Routes of requests for access to a product."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from datamesh.http.access import declare_read, declare_write
from datamesh.http.app import MeshRoute, require_principal
from datamesh.http.dependencies import CurrentContext, CurrentResources
from datamesh.http.errors import document_errors
from datamesh.models.access import Role
from datamesh.models.access_requests import (
    AccessApproval,
    AccessRefusal,
    AccessRequest,
    RequestStatus,
    StoredAccessRequest,
)
from datamesh.models.declared_access import Place
from datamesh.models.read_access import ReadKind
from datamesh.models.responses import Written
from datamesh.models.values import utc_now
from datamesh.services.access_requests import decisions
from datamesh.services.access_requests.decisions import AccessDesk
from datamesh.wiring.resources import Resources

router = APIRouter(route_class=MeshRoute, generate_unique_id_function=lambda route: route.name)

ProductInPath = Annotated[str, Path(description="Name of the product.", examples=["orders"])]
RequestId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{16}$",
        description="Id of the request.",
        examples=["5f0c1a2b3d4e5f60"],
    ),
]
Status = Annotated[
    RequestStatus | None, Query(description="Requests of this state; of any if left out.")
]
DECISION_ERRORS = document_errors(400, 401, 403, 404, 409, 422, 429, 503)


def open_desk(resources: Resources) -> AccessDesk:
    """Return the documents that requests are about."""
    return AccessDesk(resources.open_access(), resources.registry.products)


@router.post("/product/{name}/requests", responses=DECISION_ERRORS)
@declare_write(Role.READER, Place.SOMEWHERE, note="credentials in the modes open and catalog")
async def request_access(
    name: ProductInPath,
    request: AccessRequest,
    context: CurrentContext,
    resources: CurrentResources,
) -> Written[StoredAccessRequest]:
    """Ask for access to a product.

    Whoever may read what is registered may ask for the role reader on one product. It waits for a
    steward of the product's domain; one request of a principal for a product at a time (409).
    """
    now = context.choose_registration_time(utc_now)
    made = decisions.request_access(context, open_desk(resources), name, request, now)
    message = f"A steward of the domain '{made.domain}' decides on access to '{made.product}'"
    return Written(message=message, data=made)


@router.get(
    "/product/{name}/requests",
    responses=document_errors(301, 401, 403, 404, 422, 503),
    dependencies=[Depends(require_principal)],
)
@declare_read(ReadKind.KEYED)
async def list_product_requests(
    name: ProductInPath,
    context: CurrentContext,
    resources: CurrentResources,
    status: Status = None,
) -> list[StoredAccessRequest]:
    """List requests for access to a product.

    Stewards of its domain see all, others their own, the earliest first.
    """
    return decisions.list_requests(context, open_desk(resources), status, name)


@router.get(
    "/requests",
    responses=document_errors(401, 403, 422, 503),
    dependencies=[Depends(require_principal)],
)
@declare_read(ReadKind.KEYED)
async def list_requests(
    context: CurrentContext, resources: CurrentResources, status: Status = None
) -> list[StoredAccessRequest]:
    """List requests for access.

    The earliest are first. Stewards see those for products of their domains, everybody their own.
    With `status=open`, that is what waits for a steward.
    """
    return decisions.list_requests(context, open_desk(resources), status)


@router.post("/requests/{request_id}/grant", responses=DECISION_ERRORS)
@declare_write(Role.STEWARD)
async def grant_access(
    request_id: RequestId,
    approval: AccessApproval,
    context: CurrentContext,
    resources: CurrentResources,
) -> Written[StoredAccessRequest]:
    """Grant a request for access.

    Its principal is a reader of the product until the end given. Stewards of the product's domain
    grant. The grant is among `GET /grants`, and is taken back as others are. It follows the product
    to a new name, and ends if the product changes its domain.
    """
    now = context.choose_registration_time(utc_now)
    decided = decisions.grant_access(context, open_desk(resources), request_id, approval, now)
    message = f"'{decided.principal}' is reader of the product '{decided.product}'"
    return Written(message=message, data=decided)


@router.post("/requests/{request_id}/refuse", responses=DECISION_ERRORS)
@declare_write(Role.STEWARD)
async def refuse_access(
    request_id: RequestId,
    refusal: AccessRefusal,
    context: CurrentContext,
    resources: CurrentResources,
) -> Written[StoredAccessRequest]:
    """Refuse a request for access.

    Stewards of the product's domain refuse. The principal that asked reads the reason.
    """
    now = context.choose_registration_time(utc_now)
    decided = decisions.refuse_access(context, open_desk(resources), request_id, refusal, now)
    message = f"'{decided.principal}' gets no access to the product '{decided.product}'"
    return Written(message=message, data=decided)


@router.delete("/requests/{request_id}", responses=document_errors(401, 403, 404, 409, 422, 503))
@declare_write(Role.STEWARD, refusal="404", note="or the principal that asked")
async def withdraw_request(
    request_id: RequestId, context: CurrentContext, resources: CurrentResources
) -> Written[StoredAccessRequest]:
    """Withdraw a request for access.

    The principal that asked may, or a steward takes it away, as long as there is no decision.
    """
    withdrawn = decisions.withdraw_request(context, open_desk(resources), request_id, utc_now())
    return Written(message=f"Request '{request_id}' is withdrawn", data=withdrawn)
