"""Random operations of one client on a few products, through the services, on record."""

import random
from collections.abc import Callable

from datamesh.errors.products import ProductNameTaken, ProductNotFound
from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.models.products import ProductRegistration, ProductUpdate
from datamesh.services.context import RequestContext
from datamesh.services.products import queries, registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import ConditionalObject, MemoryObject
from tests.meshes import product_body
from tests.races.history import Act, Call, History

NAMES = ("orders", "returns", "revenue")


def registry_over(stored: ConditionalObject, backoff: Backoff) -> Registry:
    """Return a registry whose lineage is in memory: histories are of one document."""
    return Registry(
        products=Document(stored, ProductsFile, backoff),
        lineage=Document(MemoryObject("lineage.json"), LineageFile, backoff),
    )


def operate(
    context: RequestContext, registry: Registry, history: History, draw: random.Random, value: str
) -> None:
    """One operation. The owner of a product tells which write it is from."""
    name = draw.choice(NAMES)
    call = history.begin_call()
    work, act = draw.choice(OPERATIONS)
    try:
        work(context, registry, call, name, value)
    except ProductNameTaken:
        call.record(name, Act.TAKEN)
    except ProductNotFound:
        call.record(name, Act.MISSED)
    except OutcomeUnknown:
        call.record_unknown(name, act, None if act is Act.DELETED else value)
    except (Contended, StorageUnavailable):
        pass  # it says that it had no effect: whoever sees one contradicts it


def read_all(context: RequestContext, registry: Registry, history: History) -> None:
    """The final state, as one more read of each name."""
    call = history.begin_call()
    found = registry.products.read_latest(context.deadline).products
    for name in NAMES:
        call.record(name, Act.READ, found[name].owner if name in found else None)


def _register(
    context: RequestContext, registry: Registry, call: Call, name: str, value: str
) -> None:
    body = product_body(name=name, owner=value)
    registration.register_product(context, registry, ProductRegistration.model_validate(body))
    call.record(name, Act.REGISTERED, value)


def _update(context: RequestContext, registry: Registry, call: Call, name: str, value: str) -> None:
    registration.update_product(context, registry, name, ProductUpdate(owner=value))
    call.record(name, Act.UPDATED, value)


def _delete(context: RequestContext, registry: Registry, call: Call, name: str, value: str) -> None:
    registration.delete_product(context, registry, name)
    call.record(name, Act.DELETED)


def _read(context: RequestContext, registry: Registry, call: Call, name: str, value: str) -> None:
    call.record(name, Act.READ, queries.get_product(context, registry, name).owner)


OPERATIONS: tuple[tuple[Callable[[RequestContext, Registry, Call, str, str], None], Act], ...] = (
    (_register, Act.REGISTERED),
    (_register, Act.REGISTERED),
    (_update, Act.UPDATED),
    (_delete, Act.DELETED),
    (_read, Act.READ),
    (_read, Act.READ),
)
