"""Products of an earlier file that are hidden now: a name alone does not tell which they are.

Whoever registers a name that a private product has given up would see the product's past by it,
and whoever makes a private product of an old name would take the past of another one away.
"""

from collections.abc import Sequence

from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord


def find_hidden_before(
    before: ProductsFile, now: ProductsFile, hidden: Sequence[ProductRecord]
) -> set[str]:
    """Return the names that products had in an earlier file of which some are hidden now.

    A redirect that another one has replaced, or that is forgotten, says no more where a product
    went: then it is that which was registered at the same time.
    """
    names = {product.name for product in hidden}
    moved = {
        product.created_at
        for product in hidden
        if (known := before.products.get(product.name)) is None
        or known.since_revision != product.since_revision
    }
    found = set()
    for name, record in before.products.items():
        later = _find_name_now(now, record)
        if later in names or (later is None and record.created_at in moved):
            found.add(name)
    return found


def _find_name_now(now: ProductsFile, record: ProductRecord) -> str | None:
    """Return what a product of before is called now; None if it is gone, or nothing tells."""
    redirect = now.renamed.get(record.name)
    if redirect is not None and redirect.since == record.since_revision:
        return redirect.to if redirect.to in now.products else None
    same = now.products.get(record.name)
    return record.name if same and same.since_revision == record.since_revision else None
