"""The reference pages are what the code says today."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from datamesh.errors.events import InvalidEvent
from datamesh.errors.products import ProductNotFound
from datamesh.errors.requests import MalformedBody
from dev import settings
from dev.reference.configuration import LOCAL_VARIABLES
from dev.reference.errors import build_sample_message
from dev.reference.pages import REFERENCE, render_pages
from dev.reference.schemas import describe_bounds, describe_default, describe_type

PAGES = render_pages()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_committed_page_is_current(page: Path) -> None:
    assert page.read_text() == PAGES[page], "run `make reference`"


def test_no_other_page_lies_beside_them() -> None:
    assert set(REFERENCE.iterdir()) == set(PAGES)


class Recorder(Mapping[str, str]):
    """An environment that remembers which variables somebody asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_the_page_names_each_variable_that_a_local_run_reads() -> None:
    environment = Recorder()
    settings.read_settings(environment)
    of_parameters = {variable for variable, _ in settings.PARAMETERS.values()}
    assert environment.asked - of_parameters == set(LOCAL_VARIABLES)


def test_the_documented_defaults_are_those_of_a_local_run() -> None:
    documented = settings.read_settings(
        {name: default for name, (default, _) in LOCAL_VARIABLES.items()}
    )
    actual = settings.read_settings({"API_KEY": documented.api_key})
    assert (documented.host, documented.port) == (actual.host, actual.port)
    assert (documented.data_dir, documented.examples) == (actual.data_dir, actual.examples)


def test_a_sample_message_has_names_in_place_of_values() -> None:
    assert build_sample_message(ProductNotFound) == "Product '<name>' is not registered"
    assert build_sample_message(InvalidEvent).endswith("<field>: <message>")
    assert build_sample_message(MalformedBody) == ""


def test_types_in_words() -> None:
    assert describe_type({"type": "string", "format": "date-time"}) == "date-time"
    assert describe_type({"anyOf": [{"type": "integer"}, {"type": "null"}]}) == "integer or null"
    products = {"type": "array", "items": {"$ref": "#/components/schemas/Product"}}
    assert describe_type(products, "types.md") == "array of [Product](types.md#product)"
    assert describe_type({"enum": ["a", "b"], "type": "string"}) == "`a` or `b`"
    assert describe_type({}) == "anything"


def test_bounds_and_defaults_in_words() -> None:
    assert describe_bounds({"minimum": 1, "maximum": 50}) == "1 to 50"
    assert describe_bounds({"maxLength": 100}) == "at most 100 characters"
    assert describe_bounds({"anyOf": [{"minItems": 1}, {"type": "null"}]}) == "at least 1 items"
    assert describe_default({"default": False}) == "`false`"
    assert describe_default({"default": None}) == ""
