"""A bulk registration of products that are datasets, against one of products that are none."""

from collections.abc import Callable
from itertools import count

from benchmarks.measure import Row, alternately, cpu_ms, ratio_at_most
from benchmarks.mesh import big_mesh
from datamesh.services.products.registration import register_products
from tests.contexts import CONTEXT
from tests.meshes import product_body

PRODUCTS, ITEMS = 10_000, 1_000


def rows() -> list[Row]:
    named, unnamed = alternately(cpu_ms(register(1)), cpu_ms(register(0)), rounds=5)
    what = f"POST /products/bulk, {ITEMS:,} items that are datasets, to {PRODUCTS:,} products"
    return [Row(what, "ms CPU", named, unnamed, "items that are none", ratio_at_most(2))]


def register(datasets: int) -> Callable[[], object]:
    """Registers other items each time."""
    registry, numbers = big_mesh(PRODUCTS, 1), count()

    def run() -> object:
        items = []
        for number in (next(numbers) for _ in range(ITEMS)):
            names = [{"namespace": "warehouse", "name": f"table {number}"}] * datasets
            items.append(product_body(name=f"item_{number}", openlineage=names))
        report = register_products(CONTEXT, registry, items, partial=True)
        assert report.registered == ITEMS
        return report

    return run
