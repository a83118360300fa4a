"""A big mesh, the same on every run, as the JSON that its two files hold."""

import json
import random
from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import MemoryObject
from tests.meshes import NOON, mesh

type Item = Mapping[str, object]

KINDS = ("direct", "derived", "aggregated")
STATUSES = ("active", "active", "active", "deprecated")
BACKWARDS = 0.002
"""Share of entries that lead back, so that there are cycles."""
DOMAINS = 40


def product_name(number: int) -> str:
    return f"product_{number:05}"


def domain_name(number: int) -> str:
    return f"domain_{number:02}"


def stored_product(number: int, domains: int = DOMAINS) -> Item:
    """Return a product as a reader sees it, with the revision that registered it."""
    chance = random.Random(f"product {number}")
    return {
        "name": product_name(number),
        "domain": domain_name(number % domains),
        "owner": f"team-{chance.randrange(200)}@example.com",
        "description": f"A product of the benchmarks, {chance.randrange(10**9)} rows a day",
        "schema": {f"column_{column}": "string" for column in range(10)},
        "status": chance.choice(STATUSES),
        "version": f"1.{chance.randrange(20)}.0",
        "tags": ["daily", f"tier-{chance.randrange(3)}"],
        "openlineage": [],
        "output_port": None,
        "quality": None,
        "created_at": _time(number),
        "updated_at": _time(number),
        "since_revision": number,
    }


def stored_entry(number: int, products: int) -> Item:
    """Return an entry as a reader sees it, with the revision of the products that has both ends:
    about 270 bytes.

    Products mostly feed products of a little later, as pipelines do; a few feed back."""
    chance = random.Random(f"entry {number}")
    source = chance.randrange(products)
    target = (source + 1 + int(chance.expovariate(20 / products))) % products
    if chance.random() < BACKWARDS:
        source, target = target, source
    return {
        "id": f"{chance.getrandbits(64):016x}",
        "source": product_name(source),
        "target": product_name(target),
        "transformation": f"SELECT a, SUM(b_{number % 97}) FROM source GROUP BY a",
        "lineage_type": chance.choice(KINDS),
        "confidence": round(chance.uniform(0.5, 1), 2),
        "metadata": {},
        "job": None,
        "columns": [],
        "timestamp": _time(number),
        "products_revision": products,
    }


@cache
def products_file(products: int, domains: int = DOMAINS) -> bytes:
    """The content of `products.json`, not compressed."""
    items = [stored_product(number, domains) for number in range(products)]
    return _file(products, "products", {str(item["name"]): item for item in items})


@cache
def lineage_file(products: int, entries: int) -> bytes:
    """The content of `lineage.json`, not compressed."""
    items = [stored_entry(number, products) for number in range(entries)]
    return _file(entries, "lineage", items)


def big_mesh(products: int, entries: int, domains: int = DOMAINS) -> Registry:
    """Return a registry in memory, with room for as much again."""
    return mesh(
        products=MemoryObject("products.json", products_file(products, domains)),
        lineage=MemoryObject("lineage.json", lineage_file(products, entries)),
        max_products=2 * products,
        max_lineage_entries=2 * entries,
    )


def _file(revision: int, what: str, content: object) -> bytes:
    recent = [f"commit{number:06}" for number in range(max(0, revision - 256), revision)]
    envelope = {"format": 1, "revision": revision, "recent": recent, "committed_at": _time(0)}
    return json.dumps(envelope | {what: content}, separators=(",", ":")).encode()


def _time(number: int) -> str:
    return f"{NOON + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"
