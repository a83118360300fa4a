"""Names that products give up: redirects, renames, and two products that become one."""

import gzip
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from datamesh.errors.products import ProductNameTaken, ProductNotFound, ProductRenamed
from datamesh.models.products import DatasetName
from datamesh.models.quality import Quality, QualityFailure, RunChecks
from datamesh.models.stored_products import Provenance, StoredProduct
from datamesh.services.registry import renames
from datamesh.services.registry.merging import can_merge, choose_winner, merge_products
from datamesh.services.registry.renames import (
    find_new_name,
    remove_product,
    rename_product,
    require_product_record,
)
from datamesh.storage.files import ProductsFile
from datamesh.storage.former_names import Redirect
from datamesh.storage.records import ProductRecord
from tests.meshes import NOON, product_body

LATER = NOON + timedelta(minutes=5)


def product(name: str, *, since: int = 1, **changes: Any) -> StoredProduct:
    body = product_body(name=name, created_at=NOON, updated_at=NOON, **changes)
    return StoredProduct.model_validate({**body, "since_revision": since})


def file_of(names: Sequence[str] = ("a", "b", "c"), revision: int = 3) -> ProductsFile:
    return ProductsFile.from_models(map(product, names), revision=revision)


def committed(file: ProductsFile) -> ProductsFile:
    return file.model_copy(update={"revision": file.revision + 1})


def renamed(file: ProductsFile, name: str, new: str) -> ProductsFile:
    return committed(rename_product(file, name, new, LATER))


def targets(file: ProductsFile) -> dict[str, str]:
    return {name: redirect.to for name, redirect in file.renamed.items()}


# the file


def test_a_file_without_redirects_has_no_word_of_them() -> None:
    assert b"renamed" not in b"".join(file_of().encode_parts())


@pytest.mark.parametrize("wrap", ["msgspec", "pydantic"])
def test_redirects_are_read_as_they_were_written(wrap: str) -> None:
    file = renamed(file_of(), "a", "new")
    text = gzip.decompress(file.encode())
    if wrap == "pydantic":
        # Text that msgspec does not take: a number of the format that it reads as another type.
        raw = json.loads(text)
        raw["revision"] = str(raw["revision"])
        text = json.dumps(raw).encode()
    assert ProductsFile.parse(text).renamed == {"a": Redirect("new", LATER, 1, 4)}
    assert [*ProductsFile.parse(text).products] == ["new", "b", "c"]


def test_redirects_count_in_the_bytes_of_the_file() -> None:
    file = renamed(file_of(), "a", "b2")
    forgotten = file.model_copy(update={"renamed": {}})
    expected = len(
        b',"renamed":{"a":{"to":"b2","at":"2026-01-31T12:05:00Z","since":1,"revision":4}}'
    )
    assert file.measure_records() - forgotten.measure_records() == expected


# renaming


def test_a_product_gets_another_name_at_its_place() -> None:
    file = renamed(file_of(), "b", "new")
    assert [*file.products] == ["a", "new", "c"]
    after = file.products["new"].to_model()
    assert (after.name, after.since_revision, after.updated_at) == ("new", 4, LATER)
    assert after.created_at == NOON
    assert file.renamed == {"b": Redirect(to="new", at=LATER, since=1, revision=4)}


def test_its_own_name_is_no_change() -> None:
    file = file_of()
    assert rename_product(file, "a", "a", LATER) is file


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ProductNameTaken):
        rename_product(file_of(), "a", "b", LATER)


def test_an_unknown_product_cannot_be_renamed() -> None:
    with pytest.raises(ProductNotFound):
        rename_product(file_of(), "x", "y", LATER)


def test_chains_are_one_step() -> None:
    file = renamed(renamed(renamed(file_of(), "a", "x"), "x", "y"), "y", "z")
    assert targets(file) == {"a": "z", "x": "z", "y": "z"}
    assert [find_new_name(file, name) for name in "axyz"] == ["z", "z", "z", None]


def test_a_name_that_one_commit_gives_and_takes_leaves_nothing() -> None:
    file = rename_product(rename_product(file_of(), "a", "x", LATER), "x", "y", LATER)
    assert file.renamed == {"a": Redirect("y", LATER, 1, 4)}


def test_a_product_may_have_its_name_back() -> None:
    file = renamed(renamed(file_of(), "a", "x"), "x", "a")
    assert find_new_name(file, "a") is None
    assert find_new_name(file, "x") == "a"
    assert require_product_record(file, "a").name == "a"


def test_a_product_of_the_old_name_ends_its_redirect() -> None:
    file = renamed(file_of(), "a", "x").with_product(product("a", since=5))
    assert find_new_name(file, "a") is None


def test_deleting_the_product_ends_its_redirects() -> None:
    file = renamed(renamed(file_of(), "a", "x"), "b", "y")
    assert targets(remove_product(file, "x")) == {"b": "y"}


def test_an_old_name_is_refused_with_the_new_one() -> None:
    file = renamed(file_of(), "a", "x")
    with pytest.raises(ProductRenamed, match="Product 'a' is called 'x' now") as raised:
        require_product_record(file, "a")
    assert (raised.value.name, raised.value.new) == ("a", "x")
    with pytest.raises(ProductNotFound):
        require_product_record(file, "never")


def test_the_oldest_redirects_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renames, "MAX_REDIRECTS", 2)
    file = file_of()
    for name in "abc":
        file = renamed(file, name, f"{name}2")
    assert targets(file) == {"b": "b2", "c": "c2"}


# merging


def names(*spelled: str) -> list[DatasetName]:
    return [DatasetName(namespace="db", name=each) for each in spelled]


def merged(winner: StoredProduct, loser: StoredProduct) -> StoredProduct:
    file = ProductsFile.from_models([loser, winner], revision=7)
    after = merge_products(file, winner.name, loser.name, LATER)
    assert [*after.products] == [winner.name]
    assert after.renamed == {loser.name: Redirect(winner.name, LATER, loser.since_revision, 8)}
    return after.products[winner.name].to_model()


def test_nothing_of_two_products_is_lost() -> None:
    failure = QualityFailure(assertion="not_null", column="id")
    checks = [RunChecks(run=run, checked_at=NOON) for run in "12"]
    result = merged(
        product("hand", tags=["gold"], openlineage=names("z"), checks=[checks[0]], schema={}),
        product(
            "made",
            tags=["gold", "raw"],
            openlineage=names("a"),
            checks=[checks[1]],
            output_port={"location": "s3://bucket/made/", "format": "csv"},
            quality=Quality(status="failed", checked_at=NOON, failures=[failure]),
            owner="events",
            description="Seen in events",
            observed=Provenance(),
        ),
    )
    assert result.tags == ["gold", "raw"]
    assert result.openlineage == names("a", "z")
    assert {each.run for each in result.checks} == {"1", "2"}
    assert result.schema_ == {"order_id": "string"}
    assert result.output_port and result.output_port.location == "s3://bucket/made/"
    assert result.quality and result.quality.failures == [failure]
    assert (result.owner, result.description) == ("sales-team", "One row per order line")
    assert (result.observed, result.since_revision, result.updated_at) == (None, 1, LATER)


def test_of_two_products_of_events_the_latest_schema_and_the_best_owner_count() -> None:
    first = product("first", observed=Provenance(schema_at=NOON, owner_at=LATER, owner_rank=1))
    second = product(
        "second",
        schema={"id": "int"},
        owner="job",
        observed=Provenance(schema_at=LATER, owner_at=LATER),
    )
    for winner, loser in ((first, second), (second, first)):
        result = merged(winner, loser)
        assert (result.schema_, result.owner) == ({"id": "int"}, "sales-team")
        assert result.observed == Provenance(schema_at=LATER, owner_at=LATER, owner_rank=1)


def test_fields_of_later_versions_move_over_too() -> None:
    loser = product("made").model_copy(update={"later": ["field"]})
    assert merged(product("hand"), loser).model_extra == {"later": ["field"]}


def test_redirects_to_the_loser_lead_to_the_winner() -> None:
    file = committed(merge_products(renamed(file_of(), "a", "x"), "b", "x", LATER))
    assert targets(file) == {"a": "b", "x": "b"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (product("made", observed=Provenance()), product("hand", since=9), ("hand", "made")),
        (product("old"), product("new", since=9), ("old", "new")),
        (product("a"), product("b"), ("a", "b")),
    ],
)
def test_people_win_over_events_and_the_older_over_the_younger(
    first: StoredProduct, second: StoredProduct, expected: tuple[str, str]
) -> None:
    pair = ProductRecord.from_model(first), ProductRecord.from_model(second)
    assert choose_winner(*pair) == choose_winner(*reversed(pair)) == expected


def test_two_products_of_too_many_datasets_cannot_be_one() -> None:
    many = product("many", openlineage=names(*map(str, range(20))))
    pairs = [(product("same", openlineage=names("1")), True)]
    pairs.append((product("more", openlineage=names("x")), False))
    for other, expected in pairs:
        assert (
            can_merge(ProductRecord.from_model(many), ProductRecord.from_model(other)) is expected
        )
