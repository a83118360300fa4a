"""Updates a product with what events have said of its datasets, in whatever order they came."""

from datamesh.models.product_facts import Observation, select_latest
from datamesh.models.products import MAX_DATASET_NAMES, DatasetName
from datamesh.models.stored_products import DatasetMention, Provenance, StoredProduct
from datamesh.services.openlineage.facets import get_name_key
from datamesh.services.openlineage.observations import (
    DatasetObservations,
    select_first,
    select_last,
)
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.product_namer import find_first_dataset
from datamesh.services.products.changes import is_concealing
from datamesh.services.registry.checks import join_checks
from datamesh.services.registry.product_facts import apply_facts, describe_dataset, is_generated


def apply_observations(product: StoredProduct, observed: DatasetObservations) -> StoredProduct:
    """Return a product with what was observed of it: the very product if nothing is new."""
    update: dict[str, object] = {}
    if observed.checks:
        update |= _update_quality(product, observed)
    if known := product.observed:
        update |= update_observed(product, known, observed)
    changed = apply_facts(product.model_copy(update=update), observed.facts)
    return product if is_same(product, changed) else changed


def add_names(product: StoredProduct, datasets: list[DatasetName]) -> StoredProduct:
    """Return a product with the names that were not known, as far as there is room."""
    known = set(product.openlineage)
    new = sorted(set(datasets) - known, key=get_name_key)
    if product.observed:  # what it is called after is never left out
        new.sort(key=lambda each: each != find_first_dataset(product))
    names = [*product.openlineage, *new][:MAX_DATASET_NAMES]
    if len(names) == len(known):
        return product
    return product.model_copy(update={"openlineage": sorted(names, key=get_name_key)})


def follow_first(product: StoredProduct, policy: EventPolicy) -> StoredProduct:
    """Return a product that follows events, with the domain and description they lead to.

    One that conceals something stays in its domain: those of another would see it.
    """
    observed, first = product.observed, find_first_dataset(product)
    if observed is None or observed.first is None:
        return product  # of an earlier version, of which nothing is known yet
    named = [first, *(each for each in product.openlineage if each != first)]
    update: dict[str, object] = {}
    if not is_concealing(product):
        update["domain"] = policy.choose_domain(named, observed)
    if is_generated(product):
        update["description"] = describe_dataset(first)
    free = {key: value for key, value in update.items() if key not in product.edited}
    return product.model_copy(update=free)


def is_same(before: StoredProduct, after: StoredProduct) -> bool:
    """Tell whether nothing has changed, the order of fields included."""
    return before == after and [*before.schema_] == [*after.schema_]


def is_after_another(before: StoredProduct, after: StoredProduct) -> bool:
    """Tell whether a product is called after another dataset by now."""
    return bool(before.openlineage) and find_first_dataset(before) != find_first_dataset(after)


def _update_quality(product: StoredProduct, observed: DatasetObservations) -> dict[str, object]:
    """Take the quality of the latest run, unless something else has checked the data since."""
    checks = join_checks(product.checks, observed.checks)
    known, of_run = product.quality, checks[0].to_quality()
    quality = known if known and known.checked_at > of_run.checked_at else of_run
    return {"checks": checks, "quality": quality}


def update_observed(
    product: StoredProduct, known: Provenance, observed: DatasetObservations
) -> dict[str, object]:
    """Take the latest schema and owner of what is known and what was observed now."""
    before = observe_product(product, known)
    update: dict[str, object] = {}
    schema = select_latest(before.schema_, observed.schema_)
    if schema and "schema" not in product.edited:
        update["schema_"] = schema.value
        known = known.model_copy(update={"schema_at": schema.at, "schema_cut": schema.is_cut})
    owner = select_latest(before.owner, observed.owner)
    if owner and "owner" not in product.edited:
        update["owner"] = owner.value
        known = known.model_copy(update={"owner_at": owner.at, "owner_rank": owner.rank})
    return {**update, "observed": _update_mentions(known, observed)}


def _update_mentions(known: Provenance, observed: DatasetObservations) -> Provenance:
    """Take what comes first of what is known and what was observed now.

    Products of earlier versions do not know who writes them: they learn it from the next writer.
    """
    if known.first is None and observed.writer is None:
        return known
    writer = select_first(known.writer, observed.writer)
    update = {
        "first": select_first(known.first, None if observed.is_gone else observed.mention),
        "renamed": select_last(known.renamed, observed.renamed),
        "writer": writer,
        "reader": None if writer else select_first(known.reader, observed.reader),
    }
    return known.model_copy(update=update)


def observe_product(product: StoredProduct, known: Provenance) -> DatasetObservations:
    """Return what events have said about a product so far."""
    schema = owner = None
    if known.schema_at:
        schema = Observation(value=product.schema_, at=known.schema_at, is_cut=known.schema_cut)
    if known.owner_at:
        owner = Observation(value=product.owner, at=known.owner_at, rank=known.owner_rank)
    first = known.first or DatasetMention(
        dataset=find_first_dataset(product), at=product.created_at
    )
    return DatasetObservations(
        dataset=first.dataset,
        at=first.at,
        writer=known.writer,
        reader=known.reader,
        renamed=known.renamed,
        schema_=schema,
        owner=owner,
    )
