"""The rules: who may do what."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from datamesh.errors.access import Forbidden
from datamesh.models.access import Grant, Role
from datamesh.models.stored_products import StoredProduct
from datamesh.services.permissions import Permissions, create_unlimited_permissions
from datamesh.storage.records import ProductRecord
from tests.meshes import NOON, product_body


def permissions(*grants: Grant) -> Permissions:
    return Permissions("key:etl", load=lambda: grants)


def product(domain: str = "sales", visibility: str = "internal") -> ProductRecord:
    body = product_body(domain=domain, visibility=visibility)
    return ProductRecord.from_model(StoredProduct(**body, created_at=NOON, updated_at=NOON))


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_do_what_those_before_it_may(held: Role, needed: Role) -> None:
    order = [Role.READER, Role.CONTRIBUTOR, Role.STEWARD, Role.ADMIN]
    found = permissions(Grant(held, "*")).has_role(needed, "sales")
    assert found == (order.index(held) >= order.index(needed))


def test_a_role_holds_in_its_domain_in_upper_or_lower_case() -> None:
    found = permissions(Grant(Role.CONTRIBUTOR, "Sales"))
    assert found.has_role(Role.CONTRIBUTOR, "sALES")
    assert not found.has_role(Role.CONTRIBUTOR, "sales-eu")
    assert not found.has_role(Role.STEWARD, "sales")
    found.check_role(Role.READER, "sales")
    with pytest.raises(Forbidden, match=r"'key:etl' .* role steward in the domain 'sales'; a stew"):
        found.check_role(Role.STEWARD, "sales")
    with pytest.raises(Forbidden, match="needs the role admin in all domains"):
        found.check_admin()


def test_the_highest_of_several_roles_counts() -> None:
    found = permissions(Grant(Role.STEWARD, "sales"), Grant(Role.READER, "sales"))
    assert found.has_role(Role.STEWARD, "sales")
    assert permissions(Grant(Role.READER, "sales"), Grant(Role.STEWARD, "*")).has_role(
        Role.STEWARD, "sales"
    )


def test_an_expired_grant_is_none() -> None:
    grant = Grant(Role.READER, "sales", expires_at=NOON)
    assert grant.is_valid(NOON - timedelta(microseconds=1))
    assert not grant.is_valid(NOON)


def test_a_private_product_is_seen_by_readers_of_its_domain_and_of_itself() -> None:
    hidden = product(visibility="private")
    assert permissions(Grant(Role.READER, "sales")).can_see(hidden)
    assert permissions(Grant(Role.READER, "sales", product="orders")).can_see(hidden)
    assert create_unlimited_permissions("schedule").can_see(hidden)
    for others in ((), (Grant(Role.STEWARD, "finance"),), (Grant(Role.READER, "", product="x"),)):
        assert not permissions(*others).can_see(hidden)
    assert Permissions(None).can_see(product())
    assert not Permissions(None).can_see(hidden)


def test_a_grant_for_a_product_is_no_role_in_its_domain() -> None:
    found = permissions(Grant(Role.READER, "sales", product="orders"))
    assert found.is_reader(product())
    assert not found.has_role(Role.READER, "sales")


@pytest.mark.parametrize(
    ("grants", "foreign"),
    [
        ([Grant(Role.CONTRIBUTOR, "*")], []),
        ([Grant(Role.ADMIN, "*")], []),
        ([Grant(Role.READER, "*")], ["sales", "airflow", "s3://lake"]),
        ([Grant(Role.CONTRIBUTOR, "sales")], ["airflow", "s3://lake"]),
        ([Grant(Role.CONTRIBUTOR, "Orchestration")], ["sales", "s3://lake"]),
        ([Grant(Role.CONTRIBUTOR, "x", ("s3://*", "airflow"))], ["sales"]),
        (
            [Grant(Role.CONTRIBUTOR, "x", ("s3://lak", "AIRFLOW"))],
            ["sales", "airflow", "s3://lake"],
        ),
    ],
)
def test_events_are_sent_of_granted_namespaces(
    grants: Sequence[Grant], foreign: Sequence[str]
) -> None:
    """`airflow` belongs to the domain `orchestration`."""
    found = permissions(*grants).find_foreign_namespaces(
        ["sales", "airflow", "sales", "s3://lake"], {"airflow": "orchestration"}
    )
    assert found == foreign


def test_storage_is_asked_once_and_only_by_whom_it_concerns() -> None:
    asked = []

    def load() -> Sequence[Grant]:
        asked.append(1)
        return [Grant(Role.READER, "sales")]

    admin = Permissions("key:key-1", [Grant(Role.ADMIN, "*")], load)
    assert admin.has_role(Role.STEWARD, "sales")
    admin.check_admin()
    assert not asked
    other = Permissions("key:etl", [], load)
    assert other.has_role(Role.READER, "sales")
    assert not other.has_role(Role.READER, "finance")
    assert asked == [1]


def test_permissions_that_are_kept_look_for_no_other_grants() -> None:
    granted = [Grant(Role.READER, "sales")]
    asking = Permissions("key:etl", [], lambda: tuple(granted))
    kept = asking.keep_grants()
    granted.append(Grant(Role.READER, "hr"))
    for each in (asking, kept):
        each.forget_stored()
    assert asking.has_role(Role.READER, "hr")
    assert not kept.has_role(Role.READER, "hr")
    assert kept.has_role(Role.READER, "sales")
