"""The versions of a product."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from datamesh.http.access import declare_read
from datamesh.http.app import MeshRoute
from datamesh.http.dependencies import CurrentContext, CurrentResources, RegistryAsOf
from datamesh.http.errors import document_errors
from datamesh.http.parameters import Limit
from datamesh.models.product_versions import ProductVersion, VersionList
from datamesh.models.read_access import ReadKind
from datamesh.services.products import queries

router = APIRouter(route_class=MeshRoute, generate_unique_id_function=lambda route: route.name)

VERSION_PATTERN = r"^([0-9]+[.][0-9]+[.][0-9]+|[0-9a-f]{64})$"
PathName = Annotated[str, Path(description="Name of the product.", examples=["orders"])]
WantedVersion = Annotated[
    str,
    Path(
        description="A `version`, or the digest of one; the newest of several.",
        pattern=VERSION_PATTERN,
        examples=["1.0.0"],
    ),
]


@router.get(
    "/product/{name}/versions",
    responses=document_errors(301, 404, 410, 422, 503),
)
@declare_read(ReadKind.PAST)
async def list_product_versions(
    name: PathName,
    context: CurrentContext,
    registry: RegistryAsOf,
    resources: CurrentResources,
    limit: Limit = 100,
    before: Annotated[
        int | None, Query(ge=1, le=2**53, description="The versions below this number.")
    ] = None,
) -> VersionList:
    """List the versions of a product, newest first.

    Every change of its `schema`, columns, contract or `version` is a version. They follow the
    product to other names; one that is registered anew under its name has others.
    """
    # Few requests ask for it, and no other one is to start later for it.
    from datamesh.services.product_versions.history import VersionHistory

    product = queries.get_product(context, registry, name)
    history = VersionHistory(
        resources.open_product_versions(), product, context.permissions, context.deadline
    )
    return history.list_versions(before, limit)


@router.get(
    "/product/{name}/versions/{version}",
    responses=document_errors(301, 404, 410, 422, 503),
)
@declare_read(ReadKind.PAST)
async def get_product_version(
    name: PathName,
    version: WantedVersion,
    context: CurrentContext,
    registry: RegistryAsOf,
    resources: CurrentResources,
    diff: Annotated[
        str | None,
        Query(
            description="Another version, as in the path: the answer has what differs from it.",
            pattern=VERSION_PATTERN,
            examples=["1.0.0"],
        ),
    ] = None,
) -> ProductVersion:
    """Read a version of a product.

    With `diff` the answer tells what has changed since another version, and which part of
    `version` that raises.
    """
    from datamesh.services.product_versions.history import VersionHistory

    product = queries.get_product(context, registry, name)
    history = VersionHistory(
        resources.open_product_versions(), product, context.permissions, context.deadline
    )
    return history.get_version(version, diff)
