"""A big mesh, the same on every run."""

import random
from datetime import timedelta

from datamesh.models.lineage import LineageType, StoredLineageEntry
from datamesh.models.products import StoredProduct
from datamesh.services.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from tests.meshes import NOON, mesh

TYPES = tuple(LineageType)
BACKWARDS = 0.002
"""Share of entries that lead back, so that there are cycles."""


def product_name(number: int) -> str:
    return f"product_{number:05}"


def big_mesh(products: int, entries: int, seed: int = 1) -> Registry:
    """Products that mostly feed products of a little later, as pipelines do; a few feed back."""
    chance = random.Random(seed)
    registered = [_product(number, chance) for number in range(products)]
    lineage = [_entry(number, products, chance) for number in range(entries)]
    files = (
        ProductsFile.of(registered, revision=products),
        LineageFile.of(lineage, revision=entries),
    )
    return mesh(
        products=MemoryObject("products.json", files[0].encode()),
        lineage=MemoryObject("lineage.json", files[1].encode()),
        max_products=2 * products,
        max_lineage_entries=2 * entries,
    )


def _product(number: int, chance: random.Random) -> StoredProduct:
    domain = f"domain_{chance.randrange(40)}"
    return StoredProduct(
        name=product_name(number),
        domain=domain,
        owner=f"team-{chance.randrange(200)}@example.com",
        description="A product of the benchmarks",
        schema={f"column_{column}": "string" for column in range(10)},
        created_at=NOON,
        updated_at=NOON,
        since_revision=number,
    )


def _entry(number: int, products: int, chance: random.Random) -> StoredLineageEntry:
    source = chance.randrange(products)
    target = (source + 1 + int(chance.expovariate(20 / products))) % products
    if chance.random() < BACKWARDS:
        source, target = target, source
    return StoredLineageEntry(
        id=f"{number:016x}",
        source=product_name(source),
        target=product_name(target),
        transformation="SELECT a, SUM(b) FROM source GROUP BY a",
        lineage_type=chance.choice(TYPES),
        confidence=round(chance.uniform(0.5, 1), 2),
        timestamp=NOON + timedelta(seconds=number),
        products_revision=products,
    )
