"""Requests for access as `access.json` holds them: how many, for how long, and of which product."""

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256

from datamesh.errors.access import RequestPending
from datamesh.errors.storage import LimitReached
from datamesh.models.access import ProductOrigin, Role
from datamesh.models.access_requests import AccessRequest, StoredAccessRequest
from datamesh.models.grants import StoredGrant
from datamesh.models.product_grants import find_name_now, get_origin
from datamesh.services.access.grants import build_grant_id
from datamesh.services.context import RequestContext
from datamesh.services.permissions import Permissions
from datamesh.storage.access_file import AccessFile
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

MAX_OPEN = 500
"""How many requests may wait for a decision, whoever made them."""
MAX_OPEN_OF_PRINCIPAL = 20
MAX_DECIDED = 500
"""How many requests that were decided are kept; the oldest go first."""
MAX_DECIDED_OF_PRINCIPAL = 50
KEPT_DAYS = 90
"""The days for which a request is kept after its decision, or without one."""


def build_request(
    principal: str, product: ProductRecord, request: AccessRequest, now: datetime
) -> StoredAccessRequest:
    """Return the request of a principal; made again at the same time, it has the same id."""
    place = _describe_product(product.name, get_origin(product))
    text = "\n".join((principal, place, now.isoformat()))
    return StoredAccessRequest(
        id=sha256(text.encode()).hexdigest()[:16],
        product=product.name,
        product_origin=get_origin(product),
        domain=product.domain,
        principal=principal,
        purpose=request.purpose,
        until=request.until,
        requested_at=now,
    )


def build_access_grant(
    context: RequestContext, request: StoredAccessRequest, end: datetime, now: datetime
) -> StoredGrant:
    """Return the grant that a request asks for, until an end."""
    place = _describe_product(request.product, request.product_origin)
    return StoredGrant(
        id=build_grant_id(request.principal, Role.READER, request.domain, place),
        principal=request.principal,
        role=Role.READER,
        domain=request.domain,
        product=request.product,
        product_origin=request.product_origin,
        expires_at=end,
        granted_by=context.principal or "",
        granted_at=now,
    )


def _describe_product(name: str, origin: ProductOrigin) -> str:
    return f"{name} {origin.created_at.isoformat()} {origin.revision}"


def check_room(
    file: AccessFile, products: ProductsFile, made: StoredAccessRequest, now: datetime
) -> None:
    """Raise RequestPending, or LimitReached, if there is no room for another request."""
    waiting = [each for each in prune_requests(file, now).values() if each.is_open]
    own = [each for each in waiting if each.principal == made.principal]
    for each in own:
        asked = find_requested_product(products, each)
        if asked and asked.name == made.product:
            raise RequestPending(made.product, each.id)
    if len(own) >= MAX_OPEN_OF_PRINCIPAL:
        raise LimitReached(f"Open requests of '{made.principal}'", MAX_OPEN_OF_PRINCIPAL)
    if len(waiting) >= MAX_OPEN:
        raise LimitReached("Open requests", MAX_OPEN)


def prune_requests(file: AccessFile, now: datetime) -> dict[str, StoredAccessRequest]:
    """Return the requests of the file without those that are too old, or too many."""
    oldest = now - timedelta(days=KEPT_DAYS)
    kept = {
        key: each
        for key, each in file.requests.items()
        if (each.decided_at or each.requested_at) > oldest
    }
    decided = sorted(
        (each for each in kept.values() if not each.is_open),
        key=lambda each: each.decided_at or each.requested_at,
        reverse=True,
    )
    counts: Counter[str] = Counter()
    for number, each in enumerate(decided):
        counts[each.principal] += 1
        if number >= MAX_DECIDED or counts[each.principal] > MAX_DECIDED_OF_PRINCIPAL:
            del kept[each.id]
    return kept


def find_requested_product(
    products: ProductsFile, request: StoredAccessRequest
) -> ProductRecord | None:
    """Return the product of a request under its name now; None if it is gone."""
    origin = request.product_origin
    name = find_name_now(products.renamed, request.product, origin.revision)
    found = products.products.get(name)
    if found is None or found.created_at != origin.created_at:
        return None
    is_named_since = found.since_revision == origin.revision
    return found if name != request.product or is_named_since else None


def describe_request(
    permissions: Permissions, request: StoredAccessRequest, product: ProductRecord | None
) -> StoredAccessRequest:
    """Return the request with its product as that is now, as far as the caller may know."""
    if product is None or not permissions.can_see(product):
        return request
    update = {
        "product": product.name,
        "product_origin": get_origin(product),
        "domain": product.domain,
    }
    return request.model_copy(update=update)
