"""Two products that turn out to be one dataset become one, and nothing of either is lost.

Pure functions: `choose_winner`, then `merge_products`. The name of the other product redirects to
the winner, and its lineage follows (`services.registry.renames`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from datamesh.models.json_codec import encode_value
from datamesh.models.products import MAX_DATASET_NAMES, DatasetName
from datamesh.models.quality import Quality, RunChecks
from datamesh.models.stored_products import Provenance, StoredProduct
from datamesh.models.values import TICK
from datamesh.services.registry.checks import join_checks
from datamesh.services.registry.product_facts import combine_facts
from datamesh.services.registry.renames import add_redirect
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord

OF_WINNER = frozenset(
    {
        *("name", "domain", "owner", "description", "status", "version"),
        *("created_at", "since_revision", "dropped_at", "changed", "hidden"),
    }
)
"""Fields that the product which stays keeps, whatever the other one says."""


def is_of_events(product: StoredProduct) -> bool:
    """Return whether events registered a product, and no person has changed it since."""
    return product.observed is not None and not product.edited


def choose_winner(first: ProductRecord, second: ProductRecord) -> tuple[str, str]:
    """Return the names of the product that stays and of the one that is merged into it.

    A product stays that people have registered or changed, else the older one.
    """

    def get_rank(product: ProductRecord) -> tuple[bool, datetime, int, str]:
        return (
            is_of_events(product.to_model()),
            product.created_at,
            product.since_revision,
            product.name,
        )

    winner, loser = sorted((first, second), key=get_rank)
    return winner.name, loser.name


def can_merge(first: ProductRecord, second: ProductRecord) -> bool:
    """Return whether the datasets of two products are few enough for one."""
    return len({*first.openlineage, *second.openlineage}) <= MAX_DATASET_NAMES


def merge_products(file: ProductsFile, winner: str, loser: str, now: datetime) -> ProductsFile:
    """Return the file with one product merged into another, whose name redirects from then on.

    Dataset names, tags and checks add up; what only the loser has, such as a schema, moves over;
    name, domain, owner and description are the winner's. Of two that events keep up to date, the
    latest schema and owner count. Both must be registered; see `can_merge`.
    """
    kept, gone = file.products[winner], file.products[loser]
    stays = kept.to_model()
    update = combine_products(stays, gone.to_model())
    update["updated_at"] = max(now, stays.updated_at + TICK)
    merged = stays.model_copy(update=update)
    records = {key: each for key, each in file.products.items() if key != loser}
    records[winner] = ProductRecord.from_model(merged)
    renamed = add_redirect(file, gone, winner, now)
    return file.model_copy(update={"products": records, "renamed": renamed})


def combine_products(winner: StoredProduct, loser: StoredProduct) -> dict[str, object]:
    """Return the fields of the winner that change when the loser is merged into it."""
    update = _find_gaps(winner, loser)
    names = {*winner.openlineage, *loser.openlineage}
    update["openlineage"] = sorted(names, key=_get_name_key)[:MAX_DATASET_NAMES]
    named = winner.model_copy(update={"openlineage": update["openlineage"]})
    update |= combine_facts(named, loser)
    update["checks"] = checks = join_checks(winner.checks, loser.checks)
    if not {*winner.openlineage} - {*loser.openlineage}:  # it has no dataset of its own
        update |= {name: getattr(loser, name) for name in ("dropped_at", "changed", "hidden")}
    update["quality"] = _choose_quality(checks, winner, loser)
    if winner.observed and loser.observed:
        update |= _combine_observations(winner, winner.observed, loser, loser.observed)
    return update


def _choose_quality(checks: Sequence[RunChecks], *products: StoredProduct) -> Quality | None:
    """Return the latest result: of the joined checks, or of something else that looked at the data.

    Of one time, the one that failed: it is not forgotten for another that passes.
    """
    results = [each.to_quality() for each in checks[:1]]
    for each in products:
        is_of_checks = each.checks and each.quality == each.checks[0].to_quality()
        if each.quality and not is_of_checks:
            results.append(each.quality)
    return max(results, key=lambda each: (each.checked_at, each.status == "failed"), default=None)


def _find_gaps(winner: StoredProduct, loser: StoredProduct) -> dict[str, object]:
    """Return the fields for which the loser has a value and the winner has none."""
    theirs: Mapping[str, object] = dict(loser)
    ours: Mapping[str, object] = dict(winner)
    return {
        field: value
        for field, value in theirs.items()
        if field not in OF_WINNER and field != "observed" and value and not ours.get(field)
    }


def _combine_observations(
    winner: StoredProduct, known: Provenance, loser: StoredProduct, other: Provenance
) -> dict[str, object]:
    """Return the latest schema and owner of two products that events keep up to date."""
    update: dict[str, object] = {}
    provenance: dict[str, object] = {
        field: value for field, value in dict(other).items() if not dict(known).get(field)
    }
    provenance["schema_cut"] = known.schema_cut
    if (
        "schema" not in winner.edited
        and other.schema_at
        and _is_later((known.schema_at, winner.schema_), (other.schema_at, loser.schema_))
    ):
        update["schema_"] = loser.schema_
        provenance |= {"schema_at": other.schema_at, "schema_cut": other.schema_cut}
    if (
        "owner" not in winner.edited
        and other.owner_at
        and (
            known.owner_at is None
            or (other.owner_rank, other.owner_at, encode_value(loser.owner))
            > (known.owner_rank, known.owner_at, encode_value(winner.owner))
        )
    ):
        update["owner"] = loser.owner
        provenance |= {"owner_at": other.owner_at, "owner_rank": other.owner_rank}
    return {**update, "observed": known.model_copy(update=provenance)}


def _is_later(
    known: tuple[datetime | None, dict[str, str]], other: tuple[datetime, dict[str, str]]
) -> bool:
    """Tell whether the other schema wins: the later one, of one time the greater value."""
    (known_at, schema), (at, value) = known, other
    return known_at is None or (at, encode_value(value)) > (known_at, encode_value(schema))


def _get_name_key(dataset: DatasetName) -> tuple[str, str]:
    return (dataset.namespace, dataset.name)
