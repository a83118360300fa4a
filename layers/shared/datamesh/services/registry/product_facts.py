"""Keeps what events say about a product beside its schema and owner, and shows it.

What a product shows is a function of two things: of what people have set, and of the latest that
events said of each kind. So the order of events shows nowhere (docs/adr/0029-what-people-wrote.md).
"""

import re

from datamesh.models.product_facts import ProductFacts
from datamesh.models.products import MAX_TAGS, UNDESCRIBED, DatasetName
from datamesh.models.stored_products import StoredProduct

BLANKS = re.compile(r"\s+")
MAX_GENERATED_LENGTH = 500
NOTHING = ProductFacts()


def describe_dataset(dataset: DatasetName) -> str:
    """Return the description of a product that events registered and have not described."""
    named = BLANKS.sub(" ", f"Dataset {dataset.name} of {dataset.namespace}, seen in events")
    return named[:MAX_GENERATED_LENGTH].strip()


def is_generated(product: StoredProduct) -> bool:
    """Tell whether nobody has described a product: its description says where it comes from."""
    generated = {UNDESCRIBED, *map(describe_dataset, product.openlineage)}
    return product.description in generated


def apply_facts(product: StoredProduct, facts: ProductFacts) -> StoredProduct:
    """Join what events say with what they have said of a product, and show it.

    Nothing that a person has edited changes. Returns `product` itself if nothing is new.
    """
    known = product.said or NOTHING
    if known.description is None and not _is_description_followed(product):
        facts = facts.model_copy(update={"description": None})
    said = known.join_with(facts)
    if said == known:
        return product
    update: dict[str, object] = {"said": said}
    if said.description:
        update["description"] = said.description.value or _describe_product(product)
    if said.tags and "tags" not in product.edited:
        own = product.own_tags if known.tags else tuple(product.tags)
        tags = dict.fromkeys((*own, *said.tags.value.dataset))
        update |= {"own_tags": own, "tags": [*tags][:MAX_TAGS]}
    return product.model_copy(update=update)


def _is_description_followed(product: StoredProduct) -> bool:
    is_edited = "description" in product.edited
    return not is_edited and (product.observed is not None or is_generated(product))


def _describe_product(product: StoredProduct) -> str:
    """Return the description of a product whose documentation was deleted."""
    return describe_dataset(product.openlineage[0]) if product.openlineage else UNDESCRIBED


def combine_facts(winner: StoredProduct, loser: StoredProduct) -> dict[str, object]:
    """Return what a product says, and keeps of what was said, with another merged into it.

    The winner has all its datasets already. Tags that people gave either of them add up.
    """
    edited = tuple(sorted({*winner.edited, *({"tags"} & {*loser.edited})}))
    tags = dict.fromkeys((*_get_own_tags(winner, edited), *_get_own_tags(loser, edited)))
    ours, theirs = winner.said or NOTHING, loser.said or NOTHING
    without = ours.model_copy(update={"tags": None})
    said = None if without.is_empty else without
    start = {"tags": [*tags][:MAX_TAGS], "own_tags": (), "edited": edited, "said": said}
    both = winner.model_copy(update=start)
    for facts in (ProductFacts(tags=ours.tags), theirs):
        both = apply_facts(both, facts)
    shown = {name: getattr(both, name) for name in (*start, "description")}
    columns = {**loser.own_columns, **winner.own_columns}
    return shown | {"column_tags": _join_column_tags(winner, loser), "own_columns": columns}


def _join_column_tags(winner: StoredProduct, loser: StoredProduct) -> dict[str, tuple[str, ...]]:
    """Return the tags of columns that people have set for either product: they add up."""
    columns = dict.fromkeys((*winner.column_tags, *loser.column_tags))
    both = (winner.column_tags, loser.column_tags)
    joined = {
        column: dict.fromkeys(tag for tags in both for tag in tags.get(column, ()))
        for column in columns
    }
    return {column: (*tags,)[:MAX_TAGS] for column, tags in joined.items()}


def _get_own_tags(product: StoredProduct, edited: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags that people gave; all, if those of events are no longer told apart."""
    is_told_apart = product.said and product.said.tags and "tags" not in product.edited
    return product.own_tags if is_told_apart and "tags" not in edited else (*product.tags,)


def is_shown_alike(before: StoredProduct, after: StoredProduct) -> bool:
    """Tell whether events have only confirmed what a product shows already."""
    hidden = {"said": None}
    return (
        before.model_copy(update=hidden) == after.model_copy(update=hidden)
        and [*before.schema_] == [*after.schema_]
        and before.columns == after.columns
        and before.facets == after.facets
        and before.truncated == after.truncated
    )
