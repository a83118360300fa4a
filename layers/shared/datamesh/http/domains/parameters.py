"""The parameters of the domains' routes, and what the API's document says of all of them."""

from typing import Annotated

from fastapi import APIRouter, Path

from datamesh.http.app import MeshRoute
from datamesh.http.errors import Responses, document_errors

Domain = Annotated[
    str, Path(description="Name of the domain, in upper or lower case.", examples=["sales"])
]
DatasetName = Annotated[
    str, Path(description="Name of a product of the domain.", examples=["orders"])
]
SmallDomain = Annotated[
    str, Path(description="Name of the domain, in upper or lower case.", examples=["marketing"])
]
SmallDataset = Annotated[
    str, Path(description="Name of a product of the domain.", examples=["campaigns"])
]
"""Examples whose data anybody may read whole."""

READING: Responses = document_errors(404, 413, 422, 424, 503)
"""The errors of a route that reads data."""


def create_router() -> APIRouter:
    """Return a router for routes of domains."""
    return APIRouter(route_class=MeshRoute, generate_unique_id_function=lambda route: route.name)
