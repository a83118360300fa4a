"""Function instances over one bucket, and the operations that clients ask of them."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

from datamesh.errors.base import MeshError
from datamesh.http.errors import STATUS
from datamesh.http.idempotency.store import IdempotencyRecord
from datamesh.models.lineage import LineageRegistration
from datamesh.models.products import ProductRegistration, ProductUpdate
from datamesh.services.lineage.registration import prune_lineage, register_lineage
from datamesh.services.products.registration import delete_product, register_product, update_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile
from datamesh.storage.objects import StoredObject
from tests.contexts import CONTEXT
from tests.lambdas import Answer, api_event, create_function_client
from tests.meshes import NOON, Bucket, mesh, resources
from tests.properties.model import Body, Mesh
from tests.properties.storage import Fault, Life, Shelf, Way

NONE: Mapping[str, object] = {}


@dataclass(frozen=True)
class Op:
    """A write: `verb` is a method of the model."""

    verb: str
    name: str = ""
    body: Body = field(default_factory=dict)
    age: int | None = None
    partial: bool = False
    """True if a bulk registration keeps the good items."""
    etag: str | None = None
    """If-Match, and the age in the model of the state that it names."""
    key: str | None = None
    """Idempotency-Key, of a POST."""

    def apply(self, model: Mesh) -> int:
        match self.verb:
            case "update":
                return model.update(self.name, self.body, self.age)
            case "delete":
                return model.delete(self.name, self.age)
            case "register":
                return model.register(self.body)
            case "link":
                return model.link(self.body)
            case "register_all":
                return model.register_all(self.body["items"], self.partial)
            case "link_all":
                return model.link_all(self.body["items"], self.partial)
        return 200

    def event(self) -> dict[str, Any]:
        headers = {"if-match": self.etag} if self.etag else {}
        match self.verb:
            case "update":
                return api_event("PUT", f"/product/{self.name}", self.body, headers=headers)
            case "delete":
                return api_event("DELETE", f"/product/{self.name}", headers=headers)
            case "register":
                return self._post("/register_product")
            case "register_all":
                return self._post("/products/bulk")
            case "link_all":
                return self._post("/lineage/bulk")
        return self._post("/register_lineage")

    def _post(self, path: str) -> dict[str, Any]:
        query = {"partial": "true"} if self.partial else {}
        headers = {"idempotency-key": self.key} if self.key else {}
        return api_event("POST", path, self.body, query=query, headers=headers)

    def perform(self, registry: Registry) -> int:
        """Past the HTTP layer: handlers cannot call each other within one event loop."""
        try:
            match self.verb:
                case "update":
                    changes = ProductUpdate.model_validate(self.body)
                    update_product(CONTEXT, registry, self.name, changes)
                case "delete":
                    delete_product(CONTEXT, registry, self.name)
                case "register":
                    register_product(
                        CONTEXT, registry, ProductRegistration.model_validate(self.body)
                    )
                case "link":
                    register_lineage(
                        CONTEXT, registry, LineageRegistration.model_validate(self.body)
                    )
                case _:
                    prune_lineage(CONTEXT, registry)
        except MeshError as error:
            return STATUS[type(error)]
        return 200


@dataclass(frozen=True)
class Trouble:
    """The faults that a request meets. Operations among them are a rival's, between read and
    PUT."""

    products: Sequence[Fault | tuple[Op, ...]] = ()
    lineage: Sequence[Fault | tuple[Op, ...]] = ()
    failing_gets: int = 0
    late_lands: bool = True


CALM = Trouble()


@dataclass
class Instance:
    life: Life
    products: Way
    lineage: Way
    registry: Registry

    def calm(self) -> None:
        self.products.calm()
        self.lineage.calm()

    def met(self) -> list[str]:
        return self.products.met + self.lineage.met


class World:
    """The bucket and the handlers; each instance has a clock of its own, hours off the others."""

    def __init__(self, instances: int, max_products: int, max_lineage_entries: int) -> None:
        self.products = Shelf("products.json")
        self.lineage = Shelf("lineage.json")
        self.max_products, self.max_lineage_entries = max_products, max_lineage_entries
        self.ticks = count()
        self.key_records: dict[str, Shelf] = {}
        self.bucket = Bucket()
        self.instances = [self.cold(number) for number in range(instances)]

    def cold(self, number: int) -> Instance:
        life = Life()
        ways = Way(self.products, life=life), Way(self.lineage, life=life)
        registry = mesh(
            products=ways[0],
            lineage=ways[1],
            now=lambda: NOON + timedelta(hours=-number, microseconds=next(self.ticks)),
            max_products=self.max_products,
            max_lineage_entries=self.max_lineage_entries,
        )
        return Instance(life, *ways, registry)

    def replace(self, number: int) -> None:
        self.instances[number] = self.cold(number)

    def send(self, number: int, event: dict[str, Any]) -> Answer:
        area = AREA_OF.get(event["rawPath"].split("/")[1], "products")
        instance = self.instances[number]

        def key_record(digest: str) -> Way:
            shelf = self.key_records.setdefault(digest, Shelf(digest))
            return Way(shelf, life=instance.life)

        over = replace(resources(instance.registry, bucket=self.bucket), open_key_record=key_record)
        return create_function_client(area, over).send(event)

    def outlast_the_killed(self) -> None:
        """Let the time pass until the requests of the killed no longer count as in progress."""
        for stored in self.key_records.values():
            found = stored.get()
            assert isinstance(found, StoredObject)
            record = IdempotencyRecord.model_validate_json(found.body)
            late = record.model_copy(update={"in_progress_expiry": 1})
            stored.put(late.model_dump_json().encode(), found.etag)

    def get(
        self, number: int, path: str, query: Mapping[str, object] = NONE, **headers: str
    ) -> Answer:
        wanted = {name: value for name, value in query.items() if value is not None}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        event = api_event("GET", path, query=wanted, principal="anonymous", headers=sent)
        return self.send(number, event)

    def arm(self, number: int, trouble: Trouble, rival: Callable[[Op], None]) -> None:
        instance = self.instances[number]
        instance.products.faults = deque(_fault(each, rival) for each in trouble.products)
        instance.lineage.faults = deque(_fault(each, rival) for each in trouble.lineage)
        instance.products.failing_gets = trouble.failing_gets

    def settle(self, lands: bool) -> None:
        """Let what is still on its way arrive, or never do so."""
        for shelf in (self.products, self.lineage):
            if lands:
                shelf.arrive()
            shelf.in_flight.clear()

    def stored_entries(self) -> list[Any]:
        """Return the entries of the file itself, garbage included."""
        found = self.lineage.get()
        if not isinstance(found, StoredObject):
            return []
        return list(LineageFile.decode("lineage.json", found.body).lineage)


AREA_OF = {
    "register_lineage": "lineage",
    "lineage": "lineage",
    "analytics": "analytics",
    "health": "platform",
}


def _fault(each: Fault | tuple[Op, ...], rival: Callable[[Op], None]) -> Fault:
    if not isinstance(each, tuple):
        return each

    def a_rival(way: Way, body: bytes, replaces: str | None) -> str:
        for op in each:
            rival(op)
        return way.shelf.put(body, replaces)

    return a_rival
