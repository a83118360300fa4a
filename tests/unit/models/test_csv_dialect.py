"""The form of CSV files that an output port may describe."""

from typing import Any

import pytest
from pydantic import ValidationError

from datamesh.models.csv_dialect import RFC_4180, CsvDialect
from datamesh.models.ports import OutputPort
from tests.conftest import Serve
from tests.meshes import mesh, product_body, resources

LOCATION = "domains/sales/orders/"
ONE_CHARACTER = "must be one character: a blank, a tab, U+0001 or punctuation of ASCII"
ONE_MARK = "must be one character of ASCII's punctuation"
MARKERS = "each must have at most 50 characters, and no newline"
WHOLE_DATE = "must have the year (%Y), the month (%m) and the day (%d)"


def test_what_is_left_out_is_as_in_rfc_4180() -> None:
    assert RFC_4180.model_dump() == {
        "delimiter": ",",
        "quote": '"',
        "escape": None,
        "encoding": "utf-8",
        "nulls": [""],
        "header": True,
        "skip": 0,
        "date_format": None,
        "timestamp_format": None,
    }


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"delimiter": ""}, "delimiter", ONE_CHARACTER),
        ({"delimiter": "||"}, "delimiter", ONE_CHARACTER),
        ({"delimiter": "a"}, "delimiter", ONE_CHARACTER),
        ({"delimiter": ",\n"}, "delimiter", ONE_CHARACTER),
        ({"delimiter": "\n"}, "delimiter", ONE_CHARACTER),
        ({"delimiter": "\0"}, "delimiter", ONE_CHARACTER),
        ({"delimiter": None}, "delimiter", "Input should be a valid string"),
        ({"quote": "x"}, "quote", ONE_MARK),
        ({"quote": ""}, "quote", ONE_MARK),
        ({"escape": "\t"}, "escape", ONE_MARK),
        ({"encoding": "ebcdic"}, "encoding", "Input should be 'utf-8', 'utf-16', 'latin-1'"),
        ({"nulls": []}, "nulls", "at least 1 item"),
        ({"nulls": [str(number) for number in range(21)]}, "nulls", "at most 20 items"),
        ({"nulls": ["x" * 51]}, "nulls", MARKERS),
        ({"nulls": ["a\nb"]}, "nulls", MARKERS),
        ({"skip": -1}, "skip", "greater than or equal to 0"),
        ({"skip": 1001}, "skip", "less than or equal to 1000"),
        ({"skip": "1"}, "skip", "Input should be a valid integer"),
        ({"header": "yes"}, "header", "Input should be a valid boolean"),
        ({"date_format": "%Y-%m"}, "date_format", WHOLE_DATE),
        ({"date_format": "%m/%d"}, "date_format", WHOLE_DATE),
        ({"date_format": ""}, "date_format", WHOLE_DATE),
        ({"date_format": "%Y-%m-%d %H"}, "date_format", "must have no other codes than %Y %y %m"),
        ({"date_format": "%Y-%m-%d%"}, "date_format", "must have no other codes than"),
        ({"date_format": "%Y-%m-%d" + " " * 43}, "date_format", "at most 50 characters, got 51"),
        ({"timestamp_format": "%H:%M"}, "timestamp_format", WHOLE_DATE),
        ({"timestamp_format": "%Y-%m-%d %q"}, "timestamp_format", "must have no other codes than"),
        ({"colour": "red"}, "colour", "Extra inputs are not permitted"),
        ({"quote": ","}, "", "the delimiter must differ from quote and escape"),
        ({"delimiter": "\\", "escape": "\\"}, "", "the delimiter must differ"),
        ({"quote": None, "escape": "\\"}, "", "an escape needs a quote"),
        ({"nulls": ["-,-"]}, "", "nulls must not have the delimiter"),
        ({"nulls": ['"']}, "", "nulls must not have the delimiter"),
    ],
)
def test_what_is_no_form_is_refused_by_its_field(
    serve: Serve, given: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(ValidationError):
        CsvDialect.model_validate(given)
    port = {"location": LOCATION, "format": "csv", "csv": given}
    answer = serve("products", resources(mesh())).post(
        "/register_product", product_body(output_port=port)
    )
    assert answer.status == 422
    [problem] = answer.body["errors"]
    assert problem["field"] == f"output_port.csv.{field}".rstrip(".")
    assert message in problem["message"]


@pytest.mark.parametrize(
    "given",
    [
        {"delimiter": "\t"},
        {"delimiter": "\x01", "quote": None},
        {"quote": "'", "escape": "\\"},
        {"escape": '"'},
        {"date_format": "%-d.%-m.%y"},
        {"date_format": "%Y%m%d"},
        {"timestamp_format": "%d %b %Y %I:%M:%S.%f %p %z 100%%"},
        {"nulls": ["", "NA", "\\N", "NULL"]},
    ],
)
def test_forms_that_are_common_are_accepted(given: dict[str, Any]) -> None:
    dialect = CsvDialect.model_validate(given)
    assert dialect.model_dump(include=set(given)) == given


def test_a_form_is_for_csv_files_alone() -> None:
    with pytest.raises(ValidationError, match="leave out `csv`: it is for the format csv, not for"):
        OutputPort.model_validate({"location": LOCATION, "format": "jsonl", "csv": {}})


def test_a_port_without_a_form_is_shown_as_before() -> None:
    port = OutputPort.model_validate({"location": LOCATION, "format": "csv"})
    assert port.model_dump(mode="json") == {
        "location": LOCATION,
        "format": "csv",
        "partitions": [],
    }
