"""The processor time of a registration of lineage when there are many entries.

Through the handler, its audit record included; storage is in memory and costs nothing. The
reference is what any writer of one JSON document does at least: parse it and serialise it again.
"""

import json
from collections.abc import Iterator
from itertools import count

from benchmarks.lambdas import CONTEXT, Service, over
from benchmarks.measure import Row, alternately, cpu_ms, ratio_at_most
from benchmarks.mesh import lineage_file, product_name, products_file
from datamesh.storage.objects import StoredObject, Unchanged
from tests.lambdas import api_event
from tests.meshes import Bucket, mesh, resources

PRODUCTS, ENTRIES = 10_000, 100_000


class Held:
    """A `ConditionalObject` whose ETags are not digests: no byte of the content is looked at."""

    def __init__(self, name: str, body: bytes) -> None:
        self.name = name
        self._numbers: Iterator[int] = count(1)
        self._stored = StoredObject(body, '"0"')

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        return Unchanged() if known_etag == self._stored.etag else self._stored

    def put(self, body: bytes, replaces: str | None) -> str:
        assert replaces == self._stored.etag
        self._stored = StoredObject(body, f'"{next(self._numbers)}"')
        return self._stored.etag


def rows(products: int = PRODUCTS, entries: int = ENTRIES, rounds: int = 11) -> list[Row]:
    text = lineage_file(products, entries)
    service = writer(products, entries)
    numbers = count()

    def register() -> object:
        number = next(numbers)
        body = {
            "source": product_name(number % products),
            "target": product_name((number + 1) % products),
            "transformation": f"SELECT {number}",
        }
        answer = service.handler(api_event("POST", "/register_lineage", body), CONTEXT)
        assert answer["statusCode"] == 200, answer
        return answer

    service.select()
    measured, compared = alternately(
        cpu_ms(register), cpu_ms(lambda: json.dumps(json.loads(text))), rounds=rounds
    )
    size = f"{len(text) / 1_000_000:.0f} MB"
    against = f"json.loads and json.dumps of its {size}"
    what = f"register_lineage at {entries:,} entries"
    return [Row(what, "ms CPU", measured, compared, against, ratio_at_most(0.15))]


def writer(products: int, entries: int) -> Service:
    bucket = Bucket()
    registry = mesh(
        products=Held("products.json", products_file(products)),
        lineage=Held("lineage.json", lineage_file(products, entries)),
        max_products=2 * products,
        max_lineage_entries=2 * entries,
    )
    return over("lineage", resources(registry, bucket=bucket))
