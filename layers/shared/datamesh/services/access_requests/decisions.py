"""Requests for access to a product, which its stewards grant or refuse.

The rules are in docs/adr/0035-access-requests.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from datamesh.errors.access import InvalidAccessEnd, RequestDecided, RequestNotFound
from datamesh.errors.products import ProductNotFound
from datamesh.models.access import Role
from datamesh.models.access_requests import (
    AccessApproval,
    AccessRefusal,
    AccessRequest,
    RequestStatus,
    StoredAccessRequest,
    check_end,
)
from datamesh.models.read_access import ReadKind
from datamesh.services.access.grants import add_grants
from datamesh.services.access.read_access import can_read, check_read
from datamesh.services.access_requests.stored_requests import (
    build_access_grant,
    build_request,
    check_room,
    describe_request,
    find_requested_product,
    prune_requests,
)
from datamesh.services.context import RequestContext
from datamesh.services.registry.renames import require_seen_record
from datamesh.storage.access_file import AccessFile
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

type Decide = Callable[[AccessFile, StoredAccessRequest], tuple[AccessFile, StoredAccessRequest]]


@dataclass(frozen=True)
class AccessDesk:
    """The documents that a request for access is about."""

    access: Document[AccessFile]
    products: Document[ProductsFile]


def request_access(
    context: RequestContext, desk: AccessDesk, name: str, request: AccessRequest, now: datetime
) -> StoredAccessRequest:
    """Ask the stewards of a product for the role reader on it, and return the request.

    Whoever may read what is registered may ask. Raises Forbidden, ProductNotFound, for one as well
    that the caller may not see, ProductRenamed, InvalidAccessEnd, RequestPending, LimitReached, and
    what a commit raises.
    """
    if request.until:
        _check_end(request.until, now)
    check_read(context.permissions, ReadKind.CATALOG)
    products = desk.products.read_latest(context.deadline)
    product = require_seen_record(products, name, context.permissions)
    made = build_request(context.principal or "", product, request, now)

    def change(file: AccessFile) -> tuple[AccessFile, StoredAccessRequest]:
        check_room(file, products, made, now)
        requests = {**prune_requests(file, now), made.id: made}
        return file.model_copy(update={"requests": requests}), made

    def recall(file: AccessFile, revision: int) -> StoredAccessRequest:
        return file.requests.get(made.id, made)

    return context.commit_audited(desk.access, change, recall)


def list_requests(
    context: RequestContext,
    desk: AccessDesk,
    status: RequestStatus | None = None,
    name: str | None = None,
) -> list[StoredAccessRequest]:
    """Return the requests that the caller may decide, and its own, the earliest first.

    With `name`, those for one product: none to a caller that may not read what is registered.
    Raises ProductNotFound and ProductRenamed.
    """
    if name and not can_read(context.permissions, ReadKind.CATALOG):
        return []
    products = desk.products.read(context.deadline)
    wanted = name and require_seen_record(products, name, context.permissions)
    found = []
    for each in desk.access.read(context.deadline).requests.values():
        product = find_requested_product(products, each)
        is_wanted = not wanted or (product is not None and product.name == wanted.name)
        if is_wanted and status in (None, each.status) and _can_read(context, each, product):
            found.append(describe_request(context.permissions, each, product))
    return found


def grant_access(
    context: RequestContext,
    desk: AccessDesk,
    request_id: str,
    approval: AccessApproval,
    now: datetime,
) -> StoredAccessRequest:
    """Give the principal of a request the role reader on its product, until an end.

    The grant and the state of the request are one commit. Raises RequestNotFound, Forbidden unless
    the caller is a steward of the product's domain, ProductNotFound if the product is gone,
    RequestDecided, InvalidAccessEnd, LimitReached, and what a commit raises.
    """

    def decide(
        file: AccessFile, request: StoredAccessRequest
    ) -> tuple[AccessFile, StoredAccessRequest]:
        try:
            end = approval.choose_end(request.until, now)
        except ValueError as error:
            raise InvalidAccessEnd(str(error)) from error
        grant = build_access_grant(context, request, end, now)
        decided = request.model_copy(update={"grant_id": grant.id, "granted_until": end})
        return add_grants(file, [grant], now), decided

    return _decide_request(context, desk, request_id, RequestStatus.GRANTED, decide, now)


def refuse_access(
    context: RequestContext,
    desk: AccessDesk,
    request_id: str,
    refusal: AccessRefusal,
    now: datetime,
) -> StoredAccessRequest:
    """Refuse a request, with the reason. Raises as `grant_access` does."""

    def decide(
        file: AccessFile, request: StoredAccessRequest
    ) -> tuple[AccessFile, StoredAccessRequest]:
        return file, request.model_copy(update={"reason": refusal.reason})

    return _decide_request(context, desk, request_id, RequestStatus.REFUSED, decide, now)


def withdraw_request(
    context: RequestContext, desk: AccessDesk, request_id: str, now: datetime
) -> StoredAccessRequest:
    """Take back a request of the caller, or one that the caller may decide.

    Raises RequestNotFound, for one of another principal as well, RequestDecided, and what a commit
    raises.
    """
    products = desk.products.read_latest(context.deadline)

    def change(file: AccessFile) -> tuple[AccessFile, StoredAccessRequest]:
        request = file.requests.get(request_id)
        if request is None or not _can_read(
            context, request, find_requested_product(products, request)
        ):
            raise RequestNotFound(request_id)
        return _store_decision(context, file, request, RequestStatus.WITHDRAWN, now)

    return context.commit_audited(desk.access, change, _recall_request(request_id))


def _decide_request(
    context: RequestContext,
    desk: AccessDesk,
    request_id: str,
    status: RequestStatus,
    decide: Decide,
    now: datetime,
) -> StoredAccessRequest:
    products = desk.products.read_latest(context.deadline)

    def change(file: AccessFile) -> tuple[AccessFile, StoredAccessRequest]:
        request = _require_request(context, file, products, request_id)
        if not request.is_open:
            raise RequestDecided(request_id, request.status)
        return _store_decision(context, *decide(file, request), status, now)

    return context.commit_audited(desk.access, change, _recall_request(request_id))


def _require_request(
    context: RequestContext, file: AccessFile, products: ProductsFile, request_id: str
) -> StoredAccessRequest:
    """Return a request that the caller may decide, with its product as that is now."""
    request = file.requests.get(request_id)
    if request is None:
        raise RequestNotFound(request_id)
    product = find_requested_product(products, request)
    if product and not context.permissions.can_see(product):
        product = None  # it is gone to whoever asked, who must not hear where it is now
    if product is None and request.principal != context.principal:
        raise RequestNotFound(request_id)
    context.permissions.check_role(Role.STEWARD, product.domain if product else request.domain)
    if product is None:
        raise ProductNotFound(request.product)
    return describe_request(context.permissions, request, product)


def _store_decision(
    context: RequestContext,
    file: AccessFile,
    request: StoredAccessRequest,
    status: RequestStatus,
    now: datetime,
) -> tuple[AccessFile, StoredAccessRequest]:
    if not request.is_open:
        raise RequestDecided(request.id, request.status)
    update = {"status": status, "decided_by": context.principal, "decided_at": now}
    decided = request.model_copy(update=update)
    requests = {**prune_requests(file, now), decided.id: decided}
    return file.model_copy(update={"requests": requests}), decided


def _recall_request(request_id: str) -> Callable[[AccessFile, int], StoredAccessRequest]:
    def recall(file: AccessFile, revision: int) -> StoredAccessRequest:
        if request_id not in file.requests:
            raise RequestNotFound(request_id)
        return file.requests[request_id]

    return recall


def _can_read(
    context: RequestContext, request: StoredAccessRequest, product: ProductRecord | None
) -> bool:
    domain = product.domain if product else request.domain
    return request.principal == context.principal or context.permissions.has_role(
        Role.STEWARD, domain
    )


def _check_end(end: datetime, now: datetime) -> None:
    try:
        check_end(end, now)
    except ValueError as error:
        raise InvalidAccessEnd(str(error)) from error
