"""Replacements of deprecated products: they name other products, which may be hidden."""

from collections.abc import Collection, Iterator
from datetime import datetime

from datamesh.models.access import Visibility
from datamesh.models.stored_products import StoredProduct
from datamesh.models.values import TICK
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

FIELD = b'"replacement":'
"""Begins each replacement in the JSON of a record: only records with it are parsed."""


def drop_hidden_replacements(file: ProductsFile, name: str, now: datetime) -> ProductsFile:
    """Return the file in which nobody is told of a private product as what replaces another.

    It still replaces private products of its domain, which its readers see. It is the very file if
    nothing else names it.
    """
    private = file.products[name]
    if private.visibility is not Visibility.PRIVATE:
        return file
    changed: dict[str, ProductRecord] = {}
    for record in _find_replaced(file, {name}):
        is_private = record.visibility is Visibility.PRIVATE
        if not is_private or record.domain.casefold() != private.domain.casefold():
            product = record.to_model()
            moved = {"updated_at": max(now, product.updated_at + TICK)}
            changed[record.name] = _drop_replacement(product.model_copy(update=moved))
    return file.model_copy(update={"products": {**file.products, **changed}}) if changed else file


def hide_replacements(file: ProductsFile, hidden: Collection[str]) -> dict[str, ProductRecord]:
    """Return the products of a file that hidden ones replace, without saying so: name -> record."""
    return {each.name: _drop_replacement(each.to_model()) for each in _find_replaced(file, hidden)}


def _find_replaced(file: ProductsFile, names: Collection[str]) -> Iterator[ProductRecord]:
    """Yield the products of which one of the names is the replacement, by its name of now."""
    for record in file.products.values():
        if FIELD not in bytes(record.json):
            continue
        deprecation = record.to_model().deprecation
        replacement = deprecation.replacement if deprecation else None
        if replacement and (find_new_name(file, replacement) or replacement) in names:
            yield record


def _drop_replacement(product: StoredProduct) -> ProductRecord:
    deprecation = product.deprecation
    kept = deprecation and deprecation.model_copy(update={"replacement": None})
    return ProductRecord.from_model(product.model_copy(update={"deprecation": kept}))
