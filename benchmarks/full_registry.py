"""Registries that are as large as the limits allow, of the items that take most memory.

What JSON needs few bytes for may take Python many: `[]` is two bytes and an object of 56, and one
emoji makes each character of its string take four bytes.
"""

import json
from collections.abc import Iterable

from datamesh.settings import DEFAULT_LINEAGE_BYTES, DEFAULT_PRODUCTS_BYTES

MAX_PRODUCTS, MAX_ENTRIES = 1000, 10_000
PRODUCT_BYTES, METADATA_BYTES = 65_000, 32_500
KINDS = ("many", "few", "tiny")
"""The kinds of content: as many items as there may be, the largest items, the smallest items."""
EMOJI = "\N{ROCKET}"
AT = "2026-01-31T12:00:00Z"

type Item = dict[str, object]


def product_name(number: int) -> str:
    return f"p{number}"


def products_text(kind: str) -> bytes:
    """`products.json`, not compressed."""
    size = {"many": DEFAULT_PRODUCTS_BYTES // MAX_PRODUCTS - 20, "few": PRODUCT_BYTES, "tiny": 0}
    items = (_product(number, size[kind]) for number in range(MAX_PRODUCTS))
    found = ((f'"{item["name"]}":' + _encode(item)) for item in items)
    content = _join_within(found, DEFAULT_PRODUCTS_BYTES)
    return f'{{"format":1,"revision":1,"products":{{{content}}}}}'.encode()


def lineage_text(kind: str, products: int) -> bytes:
    """`lineage.json`, not compressed, between that many products."""
    size = {"many": DEFAULT_LINEAGE_BYTES // MAX_ENTRIES - 20, "few": METADATA_BYTES, "tiny": 0}
    items = (_entry(number, products, size[kind]) for number in range(MAX_ENTRIES))
    content = _join_within(map(_encode, items), DEFAULT_LINEAGE_BYTES)
    return f'{{"format":1,"revision":1,"lineage":[{content}]}}'.encode()


def count_products(text: bytes) -> int:
    return len(json.loads(text)["products"])


def _join_within(items: Iterable[str], most: int) -> str:
    """Join as many of the items as fit, with commas between."""
    taken, left = [], most
    for item in items:
        left -= len(item.encode()) + 1
        if left < 1:
            break
        taken.append(item)
    return ",".join(taken)


def _product(number: int, size: int) -> Item:
    """A product of about `size` bytes: names in OpenLineage, then fields with short names."""
    item: Item = {
        "name": product_name(number),
        "domain": f"d{number % 50}",
        "owner": "o",
        "description": "d",
        "schema": {"a": "b"},
        "created_at": AT,
        "updated_at": AT,
        "since_revision": 1,
    }
    left = size - len(_encode(item))
    names: list[Item] = []
    while left > 12_000 and len(names) < 20:
        number_of = f"{number} {len(names)} "
        names.append({"namespace": _wide(number_of, 1000), "name": _wide(number_of, 1000)})
        left -= 2060
    if names:
        item["openlineage"] = names
    item["schema"] = {f"{field:x}": "b" for field in range(min(1000, max(1, left // 10)))}
    return item


def _entry(number: int, products: int, size: int) -> Item:
    """An entry of about `size` bytes: a job with long names, then metadata of many small values."""
    item: Item = {
        "id": f"{number:016x}",
        "source": product_name(number % products),
        "target": product_name((number * 7 + 1) % products),
        "transformation": "t",
        "timestamp": AT,
        "products_revision": 1,
    }
    left = size - len(_encode(item))
    if left > 2500:
        item["job"] = {"namespace": _wide(f"{number} ", 1000), "name": _wide(f"{number} ", 1000)}
        item["evidence"] = 1
        left -= 2100
    if left > 100:
        deep: object = []
        for _ in range(50):
            deep = [deep]
        item["metadata"] = {"deep": deep, EMOJI: [[] for _ in range((left - 200) // 3)]}
    return item


def _wide(start: str, length: int) -> str:
    """A text whose every character takes four bytes in memory, and nearly all take one in JSON."""
    return start + "x" * (length - len(start) - 1) + EMOJI


def _encode(item: Item) -> str:
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)
