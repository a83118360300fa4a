"""Register, find, change and remove data products."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from typing import Annotated

from fastapi import Path, Query, Response

from datamesh.models.access import Role
from datamesh.http import product_versions, quality
from datamesh.http.access import declare_write
from datamesh.http.answers import JSON, build_page_response
from datamesh.http.app import create_app
from datamesh.http.conditional import IfMatch, build_etag, build_precondition, build_product_etag
from datamesh.http.dependencies import (
    CurrentContext,
    CurrentRegistry,
    CurrentResources,
    RegistryAsOf,
)
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.http.parameters import LIST_PAGE, Limit, Offset, Partial
from datamesh.models.bulk import BulkReport, ProductsBulk
from datamesh.models.freshness import Freshness
from datamesh.models.products import Product, ProductRequest, ProductStatus, ProductUpdate
from datamesh.models.responses import DeletedProduct, Written, WrittenProducts
from datamesh.models.type_names import find_unknown_types
from datamesh.models.values import SearchText
from datamesh.services.products import queries, registration
from datamesh.services.products.warnings import list_unwritten, list_warnings

app = create_app("Products")

STEWARDED_CHANGES = "steward: `domain`, `output_port`, `visibility`, `restricted_columns`"
STEWARDED_REGISTRATION = "steward: `visibility`, `restricted_columns`, data elsewhere"

PathName = Annotated[str, Path(description="Name of the product.", examples=["orders"])]
SearchedText = Annotated[
    SearchText | None,
    Query(
        description="The products with this text in their name, description, owner, one of their"
        " tags, or the name or description of a field of their schema, in upper or lower case."
    ),
]
ChangedName = Annotated[str, Path(description="Name of the product.", examples=["shipments"])]
"""A name in a path. Its example is that of `POST /register_product`: nobody deletes one in use by
trying."""


@app.post("/register_product", responses=document_errors(400, 401, 403, 409, 422, 424, 429, 503))
@declare_write(Role.CONTRIBUTOR, note=STEWARDED_REGISTRATION)
async def register_product(
    request: ProductRequest,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> WrittenProducts[Product]:
    """Register a data product.

    The name must not be taken. `schema` has the type of each field; with `"schema": "infer"` they
    are taken from a sample of the files. `output_port` says where the data of the product lies: in
    `domains/<domain>/<name>/` if it is left out.
    """
    if not request.has_schema:
        # Few registrations look at files, and no other one is to start later for it.
        from datamesh.services.products.inferred import register_inferred

        inferred = register_inferred(context, registry, resources.data, request)
        message = f"Product '{inferred.product.name}' registered: {inferred.summary}"
        return WrittenProducts(
            message=message.removesuffix(": "),
            data=inferred.product,
            warnings=[*inferred.warnings, *find_unknown_types(inferred.product.schema_)],
        )
    product = registration.register_product(context, registry, request)
    warnings = find_unknown_types(product.schema_)
    message = f"Product '{product.name}' registered"
    return WrittenProducts(message=message, data=product, warnings=warnings)


@app.post("/products/bulk", responses=document_errors(400, 401, 403, 409, 422, 429, 503))
@declare_write(Role.CONTRIBUTOR, note=STEWARDED_REGISTRATION)
async def register_products(
    request: ProductsBulk,
    context: CurrentContext,
    registry: CurrentRegistry,
    partial: Partial = False,
) -> WrittenProducts[BulkReport]:
    """Register up to 1,000 products in one commit.

    All of them are registered, or none. With `partial` the good ones are, and the report says what
    is wrong with the others.
    """
    report = registration.register_products(context, registry, request.items, partial=partial)
    return WrittenProducts(
        message=f"{report.registered} products registered",
        data=report,
        warnings=list_warnings(request.items, report),
    )


@app.get(
    "/products",
    response_model=list[Product],
    responses=LIST_PAGE | document_errors(410, 422, 503),
)
async def list_products(
    context: CurrentContext,
    registry: RegistryAsOf,
    domain: Annotated[
        str | None, Query(description="The products of this domain, in upper or lower case.")
    ] = None,
    status: Annotated[
        ProductStatus | None, Query(description="The products of this status.")
    ] = None,
    tag: Annotated[
        str | None, Query(description="The products with this tag, in upper or lower case.")
    ] = None,
    owner: Annotated[
        str | None, Query(description="The products of this owner, in upper or lower case.")
    ] = None,
    q: SearchedText = None,
    dropped: Annotated[
        bool, Query(description="Also the products whose dataset was dropped, as events say.")
    ] = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """List products, oldest registration first.

    Products that meet all filters are listed. `X-Total-Count` says how many there are.
    """
    only = queries.ProductFilter(domain, status, tag, owner, dropped, text=q)
    return build_page_response(
        queries.find_products(context, registry, only, limit=limit, offset=offset)
    )


@app.get(
    "/product/{name}",
    response_model=Product,
    responses=document_errors(301, 404, 410, 422, 503),
)
async def get_product(name: PathName, context: CurrentContext, registry: RegistryAsOf) -> Response:
    """Read a product.

    Its `ETag` can be sent as `If-Match` when the product is changed or deleted.
    """
    product = queries.get_product(context, registry, name)
    return Response(
        product.public_json, media_type=JSON, headers={"ETag": build_etag(product.public_json)}
    )


@app.get(
    "/product/{name}/freshness",
    responses=document_errors(301, 404, 422, 503),
)
async def get_freshness(
    name: PathName,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
) -> Freshness:
    """Read when runs have last written a product.

    That is what events of OpenLineage tell: the latest run that completed, and the latest that
    failed, of up to 20 jobs that write the product and of the last 100 runs of each.
    """
    # Few requests ask for it, and no other one is to start later for it.
    from datamesh.services.jobs.freshness import read_freshness

    product = queries.get_product(context, registry, name)
    return read_freshness(context, registry, resources.open_job_store(), product)


@app.put("/product/{name}", responses=document_errors(400, 401, 403, 404, 409, 412, 422, 429, 503))
@declare_write(
    Role.CONTRIBUTOR, note="steward: `domain`, `output_port`, `visibility`, `restricted_columns`"
)
async def update_product(
    name: ChangedName,
    changes: ProductUpdate,
    context: CurrentContext,
    registry: CurrentRegistry,
    response: Response,
    if_match: IfMatch = None,
) -> WrittenProducts[Product]:
    """Change a product.

    The fields that are given replace the old ones; the others stay. With `If-Match` the product is
    changed only if nobody else has changed it since it was read.

    `name` and `domain` rename and move it: its lineage follows, and GETs of its old name answer 301
    with its new address. Its data stays at its `output_port`; where the new domain may have none,
    give another. Without one it is looked for below `domains/<domain>/<name>/`, as ever.
    `openlineage` takes over what events had made a product of; a product of a person keeps its
    names (409).
    """
    product = registration.update_product(
        context, registry, name, changes, build_precondition(if_match)
    )
    response.headers["ETag"] = build_product_etag(product)
    unknown = find_unknown_types(changes.schema_ or {})
    warnings = [*unknown, *list_unwritten(product, changes)]
    message = f"Product '{name}' updated"
    if product.name != name:
        message = f"Product '{name}' is called '{product.name}' now"
    return WrittenProducts(message=message, data=product, warnings=warnings)


@app.delete("/product/{name}", responses=document_errors(401, 403, 404, 409, 412, 503))
@declare_write(Role.STEWARD)
async def delete_product(
    name: ChangedName, context: CurrentContext, registry: CurrentRegistry, if_match: IfMatch = None
) -> Written[DeletedProduct]:
    """Delete a product and its lineage.

    Every lineage entry that names the product goes with it. Its data stays where it is.
    """
    deleted = registration.delete_product(context, registry, name, build_precondition(if_match))
    return Written(message=f"Product '{name}' deleted", data=deleted)


app.router.routes += quality.router.routes
app.router.routes += product_versions.router.routes

handler = create_lambda_handler(app, os.environ)
