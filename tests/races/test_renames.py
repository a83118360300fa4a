"""Renames against writers of lineage on the real S3 server: no entry is lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

from datamesh.errors.lineage import UnknownLineageEnds
from datamesh.models.lineage import LineageRegistration
from datamesh.models.products import ProductUpdate
from datamesh.services.context import RequestContext
from datamesh.services.lineage.queries import list_visible_entries
from datamesh.services.lineage.registration import register_lineage
from datamesh.services.products.registration import update_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from tests.contexts import CONTEXT
from tests.faults import report
from tests.meshes import add_products, lineage_body

RENAMES = 8
WRITERS = 3
ENTRIES = 6
SECONDS = 60.0
"""Long, since SeaweedFS polls its lock once a second under contention."""


def open_registry(bucket: str) -> Registry:
    """A registry of its own, as each instance of a function has."""
    backoff = Backoff(attempts=200)
    return Registry(
        products=Document(
            S3Object(create_client(), bucket, "products.json"), ProductsFile, backoff
        ),
        lineage=Document(S3Object(create_client(), bucket, "lineage.json"), LineageFile, backoff),
    )


def create_context() -> RequestContext:
    return replace(CONTEXT, deadline=Deadline.from_now(SECONDS))


def find_name(registry: Registry) -> str:
    """The name that the product has now: the others never change theirs."""
    found = registry.products.read_latest(Deadline.from_now(SECONDS)).products
    return next(name for name in found if name.startswith("name"))


def write_entries(bucket: str, number: int) -> set[str]:
    """Return the ids of the entries that were acknowledged, from the product to another."""
    registry = open_registry(bucket)
    ids: set[str] = set()
    while len(ids) < ENTRIES:
        body = lineage_body(source=find_name(registry), target=f"target{number}")
        registration = LineageRegistration.model_validate(body)
        try:
            ids.add(register_lineage(create_context(), registry, registration).id)
        except UnknownLineageEnds:
            continue  # renamed since it was looked up
    return ids


def rename_again_and_again(bucket: str) -> None:
    registry = open_registry(bucket)
    for number in range(RENAMES):
        change = ProductUpdate(name=f"name{number + 1}")
        update_product(create_context(), registry, f"name{number}", change)


def read_until(bucket: str, done: Event) -> list[int]:
    """Return how many entries each read saw; all of them are of one name."""
    registry, counts = open_registry(bucket), []
    while not done.is_set():
        entries = list_visible_entries(create_context(), registry)
        assert len({entry.source for entry in entries}) <= 1
        counts.append(len(entries))
    return counts


def test_no_entry_is_lost_while_its_product_is_renamed(
    bucket: str, environment: dict[str, str], figures: report.Figures
) -> None:
    add_products(open_registry(bucket), ["name0", *(f"target{each}" for each in range(WRITERS))])
    done = Event()
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        reader = pool.submit(read_until, bucket, done)
        writers = [pool.submit(write_entries, bucket, number) for number in range(WRITERS)]
        renamer = pool.submit(rename_again_and_again, bucket)
        try:
            acknowledged = set().union(*(writer.result() for writer in writers))
            renamer.result()
        finally:
            done.set()
        counts = reader.result()
    entries = list_visible_entries(create_context(), open_registry(bucket))
    assert {entry.id for entry in entries} == acknowledged
    assert {entry.source for entry in entries} == {f"name{RENAMES}"}
    assert counts == sorted(counts)  # what a reader has seen, it sees again
    figures["renames against writers of lineage"] = {
        "renames": RENAMES,
        "entries acknowledged": len(acknowledged),
        "reads meanwhile": len(counts),
        "lost": 0,
    }
