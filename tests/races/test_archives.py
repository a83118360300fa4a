"""The archive on a real S3 server, whose writers die between any two of their writes."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from datamesh.models.values import utc_now
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.history import History
from datamesh.storage.s3.versions import S3Versions
from datamesh.wiring.bucket import LINEAGE_KEY, PRODUCTS_KEY, Bucket
from dev.storage.s3 import S3
from tests.contexts import NO_DEADLINE
from tests.meshes import add_lineage, add_product
from tests.races.test_redactions import Killed, empty_bucket, open_bucket

LONG_AFTER = timedelta(days=30)


def write(registry: Registry, moments: list[datetime], count: int) -> None:
    for _ in range(count):
        name = f"p{len(moments)}"
        add_product(registry, name)
        if moments:
            add_lineage(registry, name, "p0")
        moments.append(utc_now())


def read_archived(bucket: Bucket, moments: list[datetime]) -> list[tuple[object, object]]:
    """Return what the archive has of each moment; None for what it does not know."""
    found = []
    for key, kind in ((PRODUCTS_KEY, ProductsFile), (LINEAGE_KEY, LineageFile)):
        archive = bucket.open_archive(key)
        states = [archive.find_at(moment, NO_DEADLINE) for moment in moments]
        texts = [state.read() if state else None for state in states]
        found.append([kind.decode(key, text) if text else None for text in texts])
    return list(zip(*found, strict=True))


def read_versions(bucket: Bucket, moments: list[datetime]) -> list[tuple[object, object]]:
    products, lineage = (
        History(S3Versions(bucket.client, bucket.name, key), kind, bucket.backoff)
        for key, kind in ((PRODUCTS_KEY, ProductsFile), (LINEAGE_KEY, LineageFile))
    )
    return [
        (products.read_at(each, NO_DEADLINE), lineage.read_at(each, NO_DEADLINE))
        for each in moments
    ]


@pytest.mark.parametrize("deaths", [(2,), (3, 2, 1), (5, 1)])
def test_a_writer_that_dies_is_gone_on_with(
    s3: S3, environment: Mapping[str, str], deaths: tuple[int, ...]
) -> None:
    empty_bucket(s3)
    moments: list[datetime] = []
    for death in deaths:
        client, bucket, registry = open_bucket(environment)
        write(registry, moments, 3)
        client.writes, client.dies_at = 0, death
        with pytest.raises(Killed):
            bucket.keep_past(utc_now(), NO_DEADLINE)
    _, bucket, registry = open_bucket(environment)
    write(registry, moments, 1)
    assert [each.gaps for each in bucket.keep_past(utc_now(), NO_DEADLINE)] == [0, 0]
    known, expected = moments[1:-1], read_versions(bucket, moments[1:-1])
    assert read_archived(bucket, known) == expected
    # Later, when whole versions are gone, it is the archive that the API asks.
    later = bucket.open_history(PRODUCTS_KEY, ProductsFile)
    later._now = lambda: utc_now() + LONG_AFTER
    assert [later.read_at(each, NO_DEADLINE) for each in known] == [each for each, _ in expected]
