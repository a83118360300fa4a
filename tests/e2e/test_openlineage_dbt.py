"""dbt-ol, unchanged, on the example project; then what the registry says over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

import pytest

from tests.e2e.api import Api
from tests.e2e.registry import Registry
from tests.openlineage.clients import Dbt, Server
from tests.openlineage.expected import Edge, Name, Names

STRICT = ("--vars", "strict: true")
WHILE_IT_RUNS = ("--consume-structured-logs", "build", "--select", "stg_stations")
"""One of the model's tests fails if it is strict, and others come after it."""


@dataclass
class Built:
    """The state that `dbt-ol build` has left behind; the tests go on from there."""

    dbt: Dbt
    registry: Registry

    def edges(self) -> list[Edge]:
        return self.registry.edges(Names(self.dbt.sent()))

    def table(self, name: str) -> Name:
        return self.dbt.namespace, f"{self.dbt.database}.{name}"

    def quality(self, name: str) -> tuple[str, list[tuple[str, str | None]]]:
        told = self.registry.product(self.table(name))["quality"]
        failures = [(failure["assertion"], failure["column"]) for failure in told["failures"]]
        return told["status"], failures


@pytest.fixture(scope="module")
def built(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    unique = f"bikes_{token_hex(4)}"
    folder = tmp_path_factory.mktemp("dbt") / "project"
    dbt = Dbt(folder, Server(api.url, api.key).transport(), unique)
    registry = Registry(api, unique)
    dbt.ol("seed")
    dbt.ol("build")
    yield Built(dbt, registry)
    registry.remove()


def test_the_graph_is_what_dbt_says(built: Built) -> None:
    built.registry.assert_holds(built.dbt.sent())
    edges = {(edge.source, edge.target): edge for edge in built.edges()}
    edge = edges[built.table("main.stg_rides"), built.table("main.station_days")]
    assert (edge.confidence, edge.lineage_type) == (0.9, "derived")
    assert {column[:2] for column in edge.columns} == {
        ("started_at", "day"),
        ("minutes", "minutes"),
    }
    # dbt-ol does not mention seeds but for their columns.
    assert (built.table("main_raw.stations"), built.table("main.stg_stations")) in edges
    history = edges[built.table("main.stg_members"), built.table("main_history.members_history")]
    assert (history.confidence, history.columns) == (0.5, frozenset())


def test_a_model_becomes_a_product(built: Built) -> None:
    model = built.registry.product(built.table("main.rides_by_member"))
    assert (model["owner"], model["domain"]) == ("members-office@example.com", "dbt")
    assert model["status"] == "active"
    # What the project declares, be it without a type.
    assert list(model["schema"]) == ["ride_id", "member_name", "start_district"]
    assert model["schema"]["member_name"] == "varchar"
    assert built.registry.product(built.table("main.station_days"))["owner"] == "unowned"


def test_the_same_build_adds_nothing(built: Built) -> None:
    products, entries = built.registry.products(), built.registry.entries()
    assert built.dbt.ol("build")
    built.registry.assert_holds(built.dbt.sent())
    assert [p["name"] for p in built.registry.products()] == [p["name"] for p in products]
    assert [e["id"] for e in built.registry.entries()] == [e["id"] for e in entries]


def test_tests_are_the_quality(built: Built) -> None:
    assert built.quality("main.stg_stations") == ("passed", [])
    built.dbt.ol("test", *STRICT, expected=1)
    assert built.quality("main.stg_stations") == ("failed", [("accepted_values", "district")])
    assert built.quality("main.stg_rides") == ("passed", [])
    built.dbt.ol("test")
    assert built.quality("main.stg_stations") == ("passed", [])


def test_after_dbt_docs_a_schema_is_that_of_the_table(built: Built) -> None:
    built.dbt.dbt("docs", "generate")
    built.dbt.ol("run", "--select", "station_days")
    model = built.registry.product(built.table("main.station_days"))
    assert model["schema"] == {
        "station_name": "VARCHAR",
        "day": "DATE",
        "rides": "BIGINT",
        "minutes": "HUGEINT",
    }


def test_events_that_come_while_dbt_runs(built: Built) -> None:
    """They have no columns; and a failure is not forgotten for the next test of the run."""
    built.dbt.ol(*WHILE_IT_RUNS, *STRICT, expected=1)
    built.registry.assert_holds(built.dbt.sent())
    assert built.quality("main.stg_stations") == ("failed", [("accepted_values", "district")])
    built.dbt.ol(*WHILE_IT_RUNS)
    assert built.quality("main.stg_stations") == ("passed", [])
