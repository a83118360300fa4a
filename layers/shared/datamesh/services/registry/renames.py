"""Names that products give up, and what becomes of them: a redirect to the product's name now.

Pure functions from one products file to the next. Lineage follows by itself: entries that name the
old product are read as those of the new one (`services.lineage.renames`), so that one commit of
`products.json` renames or merges at once (docs/adr/0026-names-that-move.md).

- `rename_product`: a product gets another name.
- `services.registry.merging`: two products become one.
- `remove_product`: a product goes, with the redirects to it.
- `find_new_name`: what a product is called that had a name before.
"""

from collections.abc import Mapping
from datetime import datetime

from datamesh.errors.products import ProductNameTaken, ProductNotFound, ProductRenamed
from datamesh.models.values import TICK
from datamesh.services.permissions import Permissions
from datamesh.storage.files import ProductsFile
from datamesh.storage.former_names import Redirect
from datamesh.storage.records import ProductRecord

MAX_REDIRECTS = 10_000
"""How many names the registry remembers that products have given up; the oldest are forgotten."""


def find_new_name(file: ProductsFile, name: str) -> str | None:
    """Return what the product is called now that had a name before.

    Returns None if a product has the name now, or none ever had it.
    """
    redirect = file.renamed.get(name) if file.renamed else None
    if redirect is None or name in file.products or redirect.to not in file.products:
        return None
    return redirect.to


def require_seen_record(file: ProductsFile, name: str, permissions: Permissions) -> ProductRecord:
    """Return the product of a name. Raises ProductNotFound, ProductRenamed.

    One that the caller may not see is not registered for it, under no name that it has had.
    """
    record = file.products.get(find_new_name(file, name) or name)
    if record and not permissions.can_see(record):
        raise ProductNotFound(name)
    return require_product_record(file, name)


def require_product_record(file: ProductsFile, name: str) -> ProductRecord:
    """Return a product of a file.

    Raises ProductRenamed if it has another name now, ProductNotFound if there is none.
    """
    if product := file.products.get(name):
        return product
    if new := find_new_name(file, name):
        raise ProductRenamed(name, new)
    raise ProductNotFound(name)


def rename_product(file: ProductsFile, name: str, new: str, now: datetime) -> ProductsFile:
    """Return the file with a product under a new name, at its place; its old name redirects.

    `updated_at` becomes `now`, or later than it was. Returns `file` itself if both names are the
    same. Raises ProductNotFound, and ProductNameTaken if another product has the new name.
    """
    record = require_product_record(file, name)
    if new == name:
        return file
    if new in file.products:
        raise ProductNameTaken(new)
    before = record.to_model()
    after = before.model_copy(
        update={
            "name": new,
            "updated_at": max(now, before.updated_at + TICK),
            # Entries of an earlier product of the new name are older than this.
            "since_revision": file.revision + 1,
        }
    )
    records = {
        new if key == name else key: ProductRecord.from_model(after) if key == name else record
        for key, record in file.products.items()
    }
    renamed = add_redirect(file, record, new, now)
    return file.model_copy(update={"products": records, "renamed": renamed})


def find_renamed_records(before: ProductsFile, after: ProductsFile) -> dict[str, ProductRecord]:
    """Return the products of an earlier file, each by the name that it has in a later one.

    One that is gone by then, or is merged into another, keeps its own name; if another has that by
    then, its key is no name at all.
    """
    if not after.renamed:
        return before.products
    later: dict[str, str] = {}
    for name in before.products:
        if (new := _find_later_name(before, after, name)) and new not in later:
            later[new] = name
    found = {new: before.products[name] for new, name in later.items()}
    moved = set(later.values())
    for name, record in before.products.items():
        if name not in moved:
            found[f"{name} (before)" if name in found else name] = record
    return found


def _find_later_name(before: ProductsFile, after: ProductsFile, name: str) -> str | None:
    """Return the new name of a product that was renamed; None if it was not."""
    redirect, record = after.renamed.get(name), before.products[name]
    if redirect is None or redirect.since != record.since_revision:
        return None
    is_merged = redirect.to in before.products and redirect.to not in after.renamed
    now = after.products.get(redirect.to)
    if is_merged or now is None or now.created_at != record.created_at:
        return None
    return redirect.to


def remove_product(file: ProductsFile, name: str) -> ProductsFile:
    """Return the file without a product, and without the redirects to it.

    Raises ProductNotFound.
    """
    require_product_record(file, name)
    kept = {key: product for key, product in file.products.items() if key != name}
    update: dict[str, object] = {"products": kept}
    if file.renamed:
        update["renamed"] = {
            old: redirect for old, redirect in file.renamed.items() if redirect.to != name
        }
    return file.model_copy(update=update)


def add_redirect(
    file: ProductsFile, product: ProductRecord, to: str, now: datetime
) -> Mapping[str, Redirect]:
    """Return the redirects of the file, and one from a product's name to another.

    Those that led to the product lead there as well: no redirect leads to another.
    """
    revision = file.revision + 1
    renamed = {
        old: Redirect(to, each.at, each.since, each.revision) if each.to == product.name else each
        for old, each in file.renamed.items()
        if old != product.name
    }
    # A name that the same commit has given, nobody has seen.
    if product.since_revision < revision:
        renamed[product.name] = Redirect(to, now, product.since_revision, revision)
    elif product.name in file.renamed:
        earlier = file.renamed[product.name]
        renamed[product.name] = Redirect(to, earlier.at, earlier.since, earlier.revision)
    excess = len(renamed) - MAX_REDIRECTS
    for old in [*renamed][: max(excess, 0)]:
        del renamed[old]
    return renamed
