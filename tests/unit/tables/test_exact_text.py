"""Cells of text files: what a type cannot hold exactly is an error, and nothing is rounded."""

import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.tables import PATH, one_file, parquet

READ: list[tuple[str, str, Any]] = [
    ("integer", "07", 7),
    ("integer", "+5", 5),
    ("integer", "5.0", 5),
    ("integer", "-3.", -3),
    ("uint64", str(2**64 - 1), 2**64 - 1),
    ("hugeint", str(10**30), 10**30),
    ("decimal(9,2)", ".5", "0.50"),
    ("decimal(9,2)", "-.5", "-0.50"),
    ("decimal(9,2)", "5.", "5.00"),
    ("decimal(9,2)", "1.500", "1.50"),
    ("decimal(9,2)", "1e2", "100.00"),
    ("decimal(9,2)", "150E-1", "15.00"),
    ("decimal(9,2)", "0E-10", "0.00"),
    ("decimal", ".5", "0.5"),
    ("decimal", "1.5e2", "150"),
    ("decimal", "1e-7", "0.0000001"),
    ("number(38,0)", "12345678901234567890123", "12345678901234567890123"),
    ("number(5)", "7", "7"),
    ("double", "0.1", 0.1),
    ("double", "1e-5", 1e-05),
    ("double", "9007199254740992", 9007199254740992.0),
    ("double", "1152921504606847000", float(2**60)),
    ("double", "0.0", 0.0),
    ("date", "2020-01-01", "2020-01-01"),
    ("date", "2020-01-01 00:00:00", "2020-01-01"),
    ("date", "2020/1/2", "2020-01-02"),
    ("date", "0012-11-09", "0012-11-09"),
    ("date", "-0044-03-15", "-0044-03-15"),
    ("date", " 2020-01-01", "2020-01-01"),
    ("timestamp", "2020/1/2 3:04:05", "2020-01-02T03:04:05Z"),
    ("date", "2020-01-01T00:00:00Z", "2020-01-01"),
    ("timestamp", "2020-01-01T12:00:00.123456000", "2020-01-01T12:00:00.123456Z"),
    ("timestamp", "2020-01-01 12:00:00+02:00", "2020-01-01T10:00:00Z"),
    ("timestamp", "9999-12-31", "9999-12-31T00:00:00Z"),
    ("timestamp_ntz", "2020-01-01 12:00:00.5", "2020-01-01T12:00:00.5"),
    ("timestamp_ns", "2020-01-01T12:00:00.123456789", "2020-01-01T12:00:00.123456789Z"),
    ("datetime64[ns]", "2020-01-01 12:00:00.123456789", "2020-01-01T12:00:00.123456789"),
    ("time", "12:00:00.123456000", "12:00:00.123456"),
    ("time", "9:30", "09:30:00"),
    ("timetz", "12:00:00+02:00", "12:00:00+02"),
    ("timetz", "12:00:00Z", "12:00:00Z"),
    ("timetz", "03:04+01", "03:04:00+01"),
    ("timetz", "03:04 -0130", "03:04:00-01:30"),
    ("timetz", "03:04:05+0130", "03:04:05+01:30"),
    ("timetz", "03:04:05.5+1:30", "03:04:05.5+01:30"),
    ("timetz", "3:04:05-1", "03:04:05-01"),
    ("timetz", "03:04:05+00:53:28", "03:04:05+00:53:28"),
    ("timetz", "T03:04Z", "03:04:00Z"),
    ("timetz", "03:04 UTC", "03:04:00Z"),
    ("time", "T03:04:05", "03:04:05"),
    ("time64[ns]", "12:00:00.000000001", "12:00:00.000000001"),
    ("integer", "  12 ", 12),
    ("bigint", "\t-9007199254740993", -9007199254740993),
    ("decimal(9,2)", "  +07.5 ", "7.50"),
    ("decimal", " 1.5e2\t", "150"),
    ("decimal", "\t-.5 ", "-0.5"),
    ("decimal(9,2)", " 150E-1 ", "15.00"),
    ("decimal", "  +07.50 ", "7.50"),
    ("double", " 1.5 ", 1.5),
    ("date", " 2020-01-01 ", "2020-01-01"),
    ("timestamp", " 2020-01-01 12:00:00+02:00 ", "2020-01-01T10:00:00Z"),
    ("timestamp", " 2020-01-01 ", "2020-01-01T00:00:00Z"),
    ("timestamp_ntz", "\t2020-01-01\t", "2020-01-01T00:00:00"),
    ("timestamp_ns", "2020-01-01 ", "2020-01-01T00:00:00Z"),
    ("time", " 9:30 ", "09:30:00"),
    ("timetz", " 12:00:00 Z ", "12:00:00Z"),
    ("string", "  12 ", "  12 "),
]


@pytest.mark.parametrize(("registered", "text", "expected"), READ)
def test_text_is_read_as_what_it_means(
    serve: Serve, registered: str, text: str, expected: Any
) -> None:
    client = one_file(serve, "a.csv", f"x\n{text}\n".encode(), {"x": registered})
    answer = client.get(PATH)
    assert answer.status == 200, answer.body
    assert answer.body == [{"x": expected}]
    assert type(answer.body[0]["x"]) is type(expected)


TIMES = [each for each in READ if each[0].startswith("time") and "stamp" not in each[0]]


@pytest.mark.parametrize(("registered", "text", "shown"), TIMES)
def test_a_time_is_found_by_the_text_that_it_is_shown_as(
    serve: Serve, registered: str, text: str, shown: str
) -> None:
    client = one_file(serve, "a.csv", f"x\n{text}\n".encode(), {"x": registered})
    assert client.get(PATH, x=shown).body == [{"x": shown}]


REFUSED = [
    ("date", "12/11/09"),
    ("date", "1-2-03"),
    ("date", "  20-01-01"),
    ("timestamp", "12/11/09 03:04"),
    ("timestamp_ntz", "9-11-12 03:04:05"),
    ("double", "1_000"),
    ("double", "1_0.5"),
    ("double", "1e5_0"),
    ("integer", "1.5"),
    ("integer", "9007199254740993.0"),
    ("bigint", str(2**64 - 1)),
    ("uint64", "-1"),
    ("decimal(9,2)", "1.555"),
    ("decimal(9,2)", " 1.5e-2 "),
    ("boolean", " true"),
    ("decimal(9,2)", "1.5e-2"),
    ("decimal(9,2)", "1e9"),
    ("decimal(9,2)", ".555"),
    ("number(38,0)", "0.5"),
    ("number(38,0)", "1" * 39),
    ("double", "1e400"),
    ("double", "-1e400"),
    ("double", "1e-400"),
    ("double", "9007199254740993"),
    ("double", "\t9007199254740993 "),
    ("integer", "  "),
    ("integer", "1 2"),
    ("number", "12345678901234567890"),
    ("date", "2020-01-01 23:59:59"),
    ("date", "2020-01-01T00:00:00+02:00"),
    ("timestamp", "2020-01-01T00:00:00.123456789"),
    ("timestamp_ns", "2020-01-01T00:00:00.1234567891"),
    ("timestamp_ns", "9999-12-31"),
    ("timestamp_ntz", "2020-01-01 12:00:00+02:00"),
    ("timestamp_ntz", "2020-01-01 12:00:00Z"),
    ("time", "12:00:00+02:00"),
    ("time", "12:00:00.123456789"),
    ("time", "03:04+01"),
    ("timetz", "03:04+16"),
    ("timetz", "03:04 CET"),
    ("timetz", "T"),
    ("time", "2020-01-01 12:00:00"),
]


@pytest.mark.parametrize(("registered", "text"), REFUSED)
def test_what_would_be_rounded_or_cut_is_an_error(serve: Serve, registered: str, text: str) -> None:
    files = {
        "a.csv": f"x\n{text}\n".encode(),
        "a.jsonl": json.dumps({"x": text}).encode() + b"\n",
        "a.parquet": parquet(f"SELECT '{text}' AS x"),
    }
    for name, body in files.items():
        answer = one_file(serve, name, body, {"x": registered}).get(PATH)
        assert answer.status == 424, (name, answer.body)
        message = answer.body["message"]
        assert message.startswith(f"domains/sales/orders/{name}, row 1, column 'x': the value")
        assert message.endswith(f"cannot be read as '{registered}' without loss")


@pytest.mark.parametrize(
    ("registered", "number", "expected"),
    [
        ("integer", "5.0", 5),
        ("integer", "1e3", 1000),
        ("decimal(9,2)", "1e2", "100.00"),
        ("decimal(18,10)", "1e-7", "0.0000001000"),
        ("decimal(20,2)", "45035996273704.95", "45035996273704.95"),
        ("decimal(20,2)", '"12345678901234567.89"', "12345678901234567.89"),
        (
            "decimal(38,0)",
            "12345678901234567890123456789012345678",
            f"{int('1234567890' * 3 + '12345678')}",
        ),
        ("decimal(38,20)", "100.5", "100.50000000000000000000"),
        ("decimal(38,2)", "1e30", f"{10**30}.00"),
        ("decimal", "1e-7", "0.0000001"),
    ],
)
def test_numbers_of_json_lines_may_be_spelled_otherwise(
    serve: Serve, registered: str, number: str, expected: Any
) -> None:
    client = one_file(serve, "a.jsonl", f'{{"x": {number}}}\n'.encode(), {"x": registered})
    assert client.get(PATH).body == [{"x": expected}]


@pytest.mark.parametrize(
    ("registered", "number"),
    [
        ("decimal(20,2)", "12345678901234567.89"),
        ("decimal(20,2)", "-123456789012345.68"),
        ("decimal(38,19)", "0.1234567890123456789"),
        ("number(38,0)", "12345678901234567.0"),
        ("decimal(38,2)", "1.2345678901234567e25"),
    ],
)
def test_a_number_of_json_lines_that_a_double_does_not_hold_is_an_error(
    serve: Serve, registered: str, number: str
) -> None:
    answer = one_file(serve, "a.jsonl", f'{{"x": {number}}}\n'.encode(), {"x": registered}).get(
        PATH
    )
    assert (answer.status, "row 1, column 'x': the value" in answer.body["message"]) == (424, True)
