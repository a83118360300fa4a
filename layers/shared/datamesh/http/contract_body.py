"""Bodies that are contracts: taken as they come, for they are kept byte for byte."""

from typing import Any

from fastapi import Request

from datamesh.errors.requests import BodyTooLarge

MAX_CONTRACT_BYTES = 1_048_576
"""The most bytes of a contract."""
EXAMPLE: dict[str, Any] = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "urn:datacontract:sales:parcels",
    "name": "parcels",
    "version": "1.0.0",
    "status": "active",
    "domain": "sales",
    "description": {"purpose": "One row per parcel that was sent"},
    "schema": [
        {
            "name": "parcels",
            "properties": [
                {"name": "parcel_id", "logicalType": "string", "required": True},
                {"name": "sent_on", "logicalType": "date"},
            ],
        }
    ],
}
_DOCUMENT: dict[str, Any] = {
    "title": "DataContract",
    "type": "object",
    "required": ["apiVersion", "kind", "id"],
    "properties": {
        "apiVersion": {"type": "string", "description": "Version of the standard."},
        "kind": {"type": "string", "description": "DataContract."},
        "id": {"type": "string"},
    },
    "description": "A document of the Open Data Contract Standard, as YAML or JSON, of at most"
    f" {MAX_CONTRACT_BYTES} bytes.",
    "examples": [EXAMPLE],
}
CONTRACT_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _DOCUMENT}}}
}
"""The part of the API's document about a route that takes a contract."""
CONTRACT_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document",
        "content": {
            "application/yaml": {"schema": {"type": "object"}},
            "application/json": {"schema": {"type": "object"}},
            "application/schema+json": {"schema": {"type": "object"}},
            "application/sql": {"schema": {"type": "string"}},
            "text/markdown": {"schema": {"type": "string"}},
        },
    }
}


async def read_contract_body(request: Request) -> bytes:
    """Return the body as it was sent. Raises BodyTooLarge."""
    body = await request.body()
    if len(body) > MAX_CONTRACT_BYTES:
        raise BodyTooLarge(MAX_CONTRACT_BYTES)
    return body
