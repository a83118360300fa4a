"""Values of Parquet files that their registered type does not hold fail checks as they do reads."""

from collections.abc import Sequence

import pytest

from tests.conftest import Serve
from tests.tables import PATH, dataset, parquet

WRONG: list[tuple[str, Sequence[str]]] = [
    ("decimal(5,2)", ["1000::DECIMAL(9,2)"]),
    ("decimal(9,2)", ["1.005::DECIMAL(9,3)"]),
    ("decimal(9,2)", ["1.50::DECIMAL(9,3)", "1000000000::BIGINT"]),
    ("double", ["9007199254740993::BIGINT"]),
    ("double", ["0.5::DOUBLE", "18446744073709551615::UBIGINT"]),
    ("bigint", ["18446744073709551615::UBIGINT"]),
    ("timestamp(6)", ["TIMESTAMP_NS '2020-01-01 00:00:00.000000001'"]),
]
RIGHT: list[tuple[str, Sequence[str]]] = [
    ("decimal(5,2)", ["100::DECIMAL(9,2)", "NULL::DECIMAL(9,2)"]),
    ("double", ["9007199254740992::BIGINT", "'nan'::FLOAT"]),
    ("bigint", ["9223372036854775807::UBIGINT"]),
    ("timestamp(6)", ["TIMESTAMP_NS '2020-01-01 00:00:00.000001'"]),
]


def find_answers(serve: Serve, registered: str, values: Sequence[str]) -> tuple[int, list[str]]:
    """Return the status of a read, and the failures of a profile, of a file for each value."""
    files = {f"sales/orders/{n}.parquet": parquet(f"SELECT {v} AS x") for n, v in enumerate(values)}
    client = dataset(serve, files, {"x": registered})
    failures = client.get(f"{PATH}/profile").body["failures"]
    return client.get(PATH).status, [each["assertion"] for each in failures]


@pytest.mark.parametrize(("registered", "values"), WRONG)
def test_what_cannot_be_read_has_not_passed(
    serve: Serve, registered: str, values: Sequence[str]
) -> None:
    assert find_answers(serve, registered, values) == (424, ["column_has_registered_type"])


@pytest.mark.parametrize(("registered", "values"), RIGHT)
def test_what_is_held_exactly_has_passed(
    serve: Serve, registered: str, values: Sequence[str]
) -> None:
    assert find_answers(serve, registered, values) == (200, [])
