"""Take data contracts in, check them, and give them out."""

import datamesh.cold_start  # noqa: F401, I001  # before all other imports

import os
from typing import Annotated

from fastapi import Path, Query, Request, Response

from datamesh.http.answers import describe_page
from datamesh.models.access import Role
from datamesh.http.access import declare_write
from datamesh.http.app import create_app
from datamesh.http.conditional import IfMatch, build_document_precondition, build_product_etag
from datamesh.http.contract_body import CONTRACT_BODY, CONTRACT_RESPONSE, read_contract_body
from datamesh.http.dependencies import (
    CurrentContext,
    CurrentRegistry,
    CurrentResources,
    RegistryAsOf,
)
from datamesh.http.entrypoint import create_lambda_handler
from datamesh.http.errors import document_errors
from datamesh.http.parameters import LIST_PAGE, Limit, Offset
from datamesh.models.contracts import ContractEntry, ContractFormat, ContractImport, ContractLint
from datamesh.models.product_details import Name
from datamesh.models.products import Domain, Product
from datamesh.models.responses import Written
from datamesh.services.contracts import imports, queries
from datamesh.services.contracts.planning import ImportOptions

app = create_app("Contracts")

PathName = Annotated[str, Path(description="Name of the product.", examples=["parcels"])]
ObjectName = Annotated[
    str | None,
    Query(
        alias="object",
        min_length=1,
        max_length=200,
        description="The object of the contract, where it has several.",
    ),
]


@app.post(
    "/contracts",
    responses=document_errors(401, 403, 409, 413, 422, 429, 503),
    openapi_extra=CONTRACT_BODY,
)
@declare_write(Role.CONTRIBUTOR)
async def register_contract(
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    name: Annotated[Name | None, Query(description="Name of the product.")] = None,
    domain: Annotated[Domain | None, Query(description="Domain of the product.")] = None,
    fan_out: Annotated[
        bool, Query(description="Register each object of the contract as a product of its own.")
    ] = False,
    object_name: ObjectName = None,
    dry_run: Annotated[
        bool, Query(description="Only say what is wrong, and what would be done.")
    ] = False,
) -> Written[ContractImport]:
    """Register a data contract.

    The body is a contract of the Open Data Contract Standard 3.0 to 3.2, as YAML or JSON; it is
    kept byte for byte. Its product is registered with the fields that the contract determines.
    `name` and `domain` stand in for those of the document. Of a contract with several objects one
    is chosen with `object`, or `fan_out` makes each a product, called `<name>-<object>`. A product
    that has the contract already gets the new document.

    A document of the Open Data Product Standard 1.0 or 1.1 is registered the same way: its output
    ports are products, those whose contract it names, and its input ports are lineage.
    """
    body = await read_contract_body(request)
    options = ImportOptions(name, domain, object_name, fan_out)
    report = imports.import_contract(
        context, registry, resources.open_contracts(), body, options, is_dry_run=dry_run
    )
    names = ", ".join(f"'{each.product}' ({each.action})" for each in report.plan[:10])
    if report.lint:
        message = f"Contract '{report.id}' has {len(report.lint)} faults"
    elif dry_run:
        message = f"Contract '{report.id}' would be registered as {names}"
    else:
        message = f"Contract '{report.id}' is registered as {names}"
    return Written(message=message, data=report)


@app.post(
    "/contracts/lint",
    responses=document_errors(401, 403, 413, 422),
    openapi_extra=CONTRACT_BODY,
)
@declare_write(None)
async def lint_contract(request: Request, context: CurrentContext) -> ContractLint:
    """Check a data contract.

    Every fault is told with its JSON pointer and line. Names that the standard does not know are
    faults at any depth, but within `customProperties`. Nothing is stored.
    """
    return imports.check_contract(await read_contract_body(request))


@app.get(
    "/contracts",
    responses=LIST_PAGE | document_errors(410, 422, 503),
)
async def list_contracts(
    context: CurrentContext,
    registry: RegistryAsOf,
    response: Response,
    contract_id: Annotated[
        str | None, Query(alias="id", description="The contracts of this id.")
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[ContractEntry]:
    """List data contracts.

    Those of the products that were registered earliest come first. A contract with several objects
    is listed with each product.
    """
    page = queries.list_contracts(context, registry, contract_id, limit=limit, offset=offset)
    response.headers.update(describe_page(page))
    return [*page.items]


@app.get(
    "/product/{name}/contract",
    response_class=Response,
    responses=CONTRACT_RESPONSE | document_errors(301, 404, 410, 422, 503),
)
async def get_contract(
    name: PathName,
    context: CurrentContext,
    registry: RegistryAsOf,
    resources: CurrentResources,
    kind: Annotated[
        ContractFormat,
        Query(
            alias="format",
            description="`odcs` is the contract itself, `odps` the document of the data product."
            " All others are made of the product.",
        ),
    ] = ContractFormat.ODCS,
) -> Response:
    """Read the data contract of a product.

    With `format` the product is told in the language of another tool. The contract itself is, as
    long as nothing was changed, the document that was registered, byte for byte. After a change it
    is the same document with the changed paths alone. A product without a contract is described by
    one that is made of its fields. `odps` is a document of the Open Data Product Standard, by the
    same rules, `jsonschema` is valid for each row, `dbt` is a `schema.yml`.
    """
    sources = resources.open_contracts()
    hidden = resources.data.list_hidden
    _, document = queries.read_contract(context, registry, sources, name, kind, hidden)
    return Response(document.body, media_type=document.media_type)


@app.put(
    "/product/{name}/contract",
    responses=document_errors(401, 403, 404, 409, 412, 413, 422, 429, 503),
    openapi_extra=CONTRACT_BODY,
)
@declare_write(Role.CONTRIBUTOR)
async def replace_contract(
    name: PathName,
    request: Request,
    context: CurrentContext,
    registry: CurrentRegistry,
    resources: CurrentResources,
    response: Response,
    object_name: ObjectName = None,
    if_match: IfMatch = None,
) -> Written[Product]:
    """Give a product a data contract, or another one.

    The fields that the contract determines are set, the name excepted; others stay. The document is
    kept byte for byte. With `If-Match`, which names the ETag of the product or of its contract, it
    is done only if nobody else has changed the product.
    """
    body = await read_contract_body(request)
    sources = resources.open_contracts()
    precondition = build_document_precondition(
        if_match, lambda: queries.read_latest_contract(context, registry, sources, name)
    )
    product, planned = imports.replace_contract(
        context, registry, sources, name, body, object_name, precondition
    )
    response.headers["ETag"] = build_product_etag(product)
    message = f"Product '{name}' has the contract '{planned.reference.id}'"
    return Written(message=message, data=product)


handler = create_lambda_handler(app, os.environ)
