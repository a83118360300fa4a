"""A product as a document of the Open Data Product Standard (Bitol)."""

from typing import Any

from datamesh.models.product_details import Contact
from datamesh.models.stored_products import StoredProduct

type Tree = dict[str, Any]

ODPS_VERSION = "v1.1.0"
STATUS_WORDS = {"active": "active", "deprecated": "deprecated", "inactive": "retired"}


def build_data_product(product: StoredProduct, upstream: list[str]) -> Tree:
    """Return the document: one output port, and an input port for each product upstream."""
    contract = product.contract
    port: Tree = {
        "name": product.name,
        "description": product.description,
        "version": (contract.version if contract else None) or product.version,
        "contractId": contract.id if contract else product.name,
    }
    if product.output_port:
        port["type"] = product.output_port.format
    tree: Tree = {
        "apiVersion": ODPS_VERSION,
        "kind": "DataProduct",
        "id": product.name,
        "name": product.title or product.name,
        "version": product.version,
        "status": STATUS_WORDS[str(product.status)],
        "domain": product.domain,
        "description": {"purpose": product.description},
        "tags": [*product.tags],
        "inputPorts": [{"name": name} for name in upstream],
        "outputPorts": [port],
        "authoritativeDefinitions": [
            {"type": each.title, "url": each.url} for each in product.links
        ],
        "customProperties": [
            {"property": name, "value": value} for name, value in product.custom.items()
        ],
        "team": _build_team(product),
    }
    if product.support:
        tree["support"] = [{"channel": product.support.channel, "url": product.support.url or ""}]
    return {key: value for key, value in tree.items() if value not in ([], {})}


def _build_team(product: StoredProduct) -> Tree:
    members = [_build_member(each) for each in product.contacts]
    return {"name": product.owner, **({"members": members} if members else {})}


def _build_member(contact: Contact) -> Tree:
    member = {"username": contact.email or contact.name, "name": contact.name}
    return member | ({"role": contact.role} if contact.role else {})
