"""The feed on a real S3 server: a follower beside rival writers, and an archive that is written."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from datamesh.models.values import utc_now
from datamesh.services.registry.registry import Registry
from datamesh.services.time_travel.changes import ChangesFilter
from datamesh.services.time_travel.feed import FeedReader
from datamesh.services.time_travel.feed_items import FeedView
from datamesh.services.time_travel.past import RegistryHistory
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.wiring.bucket import LINEAGE_KEY, PRODUCTS_KEY, Bucket
from datamesh.wiring.registry import open_feed
from dev.storage.s3 import S3
from tests.contexts import NO_DEADLINE
from tests.meshes import add_lineage, add_product
from tests.races.test_redactions import empty_bucket, open_bucket

WRITERS, WRITES = 3, 8


def write(environment: Mapping[str, str], writer: int) -> None:
    _, _, registry = open_bucket(environment)
    for number in range(WRITES):
        name = f"w{writer}-{number}"
        add_product(registry, name)
        add_lineage(registry, "base", name)


def open_reader(bucket: Bucket, registry: Registry) -> FeedReader:
    """Return what reads one page, with nothing that is kept of the page before."""
    past = RegistryHistory(
        registry,
        products=bucket.open_history(PRODUCTS_KEY, ProductsFile),
        lineage=bucket.open_history(LINEAGE_KEY, LineageFile),
    )
    view = FeedView(past.registry_at, lambda file, deadline: file, ChangesFilter())
    return FeedReader(open_feed(bucket), view, registry)


def follow(
    environment: Mapping[str, str], after: str, is_over: Event, *, archives: bool
) -> list[dict[str, Any]]:
    """Return all commits until the writers have ended and nothing is new."""
    _, bucket, registry = open_bucket(environment)
    found: list[dict[str, Any]] = []
    while True:
        was_over = is_over.is_set()
        page = open_reader(bucket, registry).read_page(after, 5, 0 if was_over else 1)
        found += map(json.loads, page.commits)
        after = page.next_cursor
        if archives:
            bucket.keep_past(utc_now(), NO_DEADLINE)
        if was_over and not page.commits:
            return found


def test_a_follower_sees_each_commit_of_rivals_once(s3: S3, environment: Mapping[str, str]) -> None:
    empty_bucket(s3)
    _, bucket, registry = open_bucket(environment)
    after = open_reader(bucket, registry).read_page("now", 1, 0).next_cursor
    add_product(registry, "base")
    is_over = Event()
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        followers = [
            pool.submit(follow, environment, after, is_over, archives=archives)
            for archives in (False, True)
        ]
        writers = [pool.submit(write, environment, number) for number in range(WRITERS)]
        for each in writers:
            each.result()
        is_over.set()
        one, other = (each.result() for each in followers)
    count = WRITERS * WRITES
    for found in (one, other):
        for document, expected in ((PRODUCTS_KEY, count + 1), (LINEAGE_KEY, count)):
            revisions = [each["revision"] for each in found if each["document"] == document]
            assert revisions == [*range(1, expected + 1)]
        products = [item["name"] for each in found for item in each["products"]["added"]]
        assert (
            sorted(products)
            == sorted({*products})
            == sorted(registry.products.read_latest(NO_DEADLINE).products)
        )
        entries = {item["id"] for each in found for item in each["lineage"]["added"]}
        assert entries == {each.id for each in registry.lineage.read_latest(NO_DEADLINE).lineage}
    assert sorted(map(str, one)) == sorted(map(str, other))
