"""Follow lineage from column to column."""

from fastapi import APIRouter, Response

from datamesh.http.answers import build_json_response, describe_page
from datamesh.http.app import MeshRoute
from datamesh.http.dependencies import CurrentContext, RegistryAsOf
from datamesh.http.errors import document_errors
from datamesh.http.lineage_parameters import (
    ColumnPath,
    ColumnWay,
    Depth,
    FollowedDirection,
    MaxNodes,
    ProductPath,
)
from datamesh.http.parameters import COLUMNS_PAGE, Limit, Offset
from datamesh.models.graph import MAX_NODES, ColumnGraph, Direction, ProductColumnGraph, Way
from datamesh.services.lineage import columns, product_columns

router = APIRouter(route_class=MeshRoute, generate_unique_id_function=lambda route: route.name)


@router.get(
    "/lineage/columns/{product}",
    response_model=ProductColumnGraph,
    responses=COLUMNS_PAGE | document_errors(301, 404, 410, 413, 422, 503),
)
async def lineage_product_columns(
    product: ProductPath,
    context: CurrentContext,
    registry: RegistryAsOf,
    direction: FollowedDirection = Direction.BOTH,
    depth: Depth = 10,
    max_nodes: MaxNodes = MAX_NODES,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> Response:
    """Follow the lineage of all columns of a product.

    The answer has the product's columns, those that they come from and those that are made of them.
    `limit` and `offset` choose columns of the product; `max_nodes` bounds the others. Columns that
    a product's schema no longer has are left out.
    """
    found, page = product_columns.build_product_column_graph(
        context,
        registry,
        product,
        direction=direction,
        depth=depth,
        max_nodes=max_nodes,
        limit=limit,
        offset=offset,
    )
    answer = build_json_response(found)
    answer.headers.update(describe_page(page))
    return answer


@router.get(
    "/lineage/columns/{product}/{column:path}",
    response_model=ColumnGraph,
    responses=document_errors(301, 404, 410, 413, 422, 503),
)
async def lineage_columns(
    product: ProductPath,
    column: ColumnPath,
    context: CurrentContext,
    registry: RegistryAsOf,
    direction: ColumnWay = Way.UPSTREAM,
    depth: Depth = 10,
    max_nodes: MaxNodes = MAX_NODES,
) -> Response:
    """Follow the lineage of a column.

    The answer has the columns that it comes from (upstream), or that are made of it (downstream).
    A column of which no lineage is known is answered alone, and columns that a product's schema no
    longer has are left out. Bounds are those of `/lineage/graph`.
    """
    found = columns.build_column_graph(
        context, registry, product, column, way=direction, depth=depth, max_nodes=max_nodes
    )
    return build_json_response(found)
