"""Names that a newcomer can read: functions are verbs with their objects, classes are used once.

ruff's pydocstyle rules see to the docstrings. A failing test names the function to rename; a good
verb that is missing here is added.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers/shared/datamesh", "functions", "dev")

PREDICATES = {"is", "has", "can"}
CONVERSIONS = {"as", "from", "to", "with"}
"""`as_json`, `from_model`, `to_model`, `with_product`: Python's own habit."""

VERBS = frozenset(
    """
    accept acquire add admit
    allow announce answer apply ask assign attach attempt authorize begin bind build
    call cancel cast change check choose claim clamp classify close collect combine commit compare
    complete
    compress compute configure
    confirm connect construct convert copy count create cut decide declare
    decode decompress decrypt delete deliver derive describe detect digest document drop edit encode
    encrypt end ensure follow hide tag
    enter escape exit export extend extract fetch fill filter find fingerprint finish fold forget
    format
    forward freeze generate get give group guess handle hash hold identify import index infer ingest
    insert install interrupt invoke iterate join keep kill launch lay leave limit link list
    load log look make map mark match measure merge move normalise note observe open pack pair
    parse grant pick prefetch prepare print profile propose prune put quote rank read rebuild recall
    receive reclaim redact reduce refuse register release remove rename render repeat replace
    report request
    require resolve
    restore reuse revalidate revoke rotate run sample scan schedule search select send serve set
    share
    shorten show sign
    simplify skip sort spawn split stamp start stop store strip substitute subtract summarize
    take trace translate trim undo unpack update verify wait walk widen withdraw wrap write
    """.split()  # noqa: SIM905  # a list of 200 lines is not read
)

FIXED = {
    "main": "the entry point of a command",
    "utc_now": "a clock, passed as a function",
    "handler": "what AWS calls",
    "scheduled": "the name of the task in its audit record",
    "registry_at": "time travel: the registry at a moment",
    "formatMessage": "logging.Formatter's",
    "path_stats": "importlib's",
    "ignore_aliases": "yaml.SafeDumper's",
    "startup": "uvicorn.Server's",
    "connection_made": "asyncio.Protocol's",
    "data_received": "asyncio.Protocol's",
    "connection_lost": "asyncio.Protocol's",
    "on_headers_complete": "httptools.HttpRequestParser's",
    "on_message_complete": "httptools.HttpRequestParser's",
    "on_post_build": "a hook of MkDocs",
    "on_files": "a hook of MkDocs",
    "on_page_markdown": "a hook of MkDocs",
    "json": "starlette.Request's",
    "matches": "starlette.routing.Route's",
    "info": "fsspec's",
    "modified": "fsspec's",
    "size": "fsspec's",
    "readable": "io.IOBase's",
    "seekable": "io.IOBase's",
    "seek": "io.IOBase's",
    "tell": "io.IOBase's",
}
"""Names that another library asks for, and the few of ours that are as well known."""


def list_files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (ROOT / folder).rglob("*.py")


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {ast.unparse(each) for each in function.decorator_list}
    return any(name in ("property", "cached_property") for name in names)


def is_route(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A route's name is its operationId, which is published."""
    return any(
        ast.unparse(each).startswith(("app.", "router.")) for each in function.decorator_list
    )


def test_functions_are_verbs_with_their_objects() -> None:
    odd = []
    for file in list_files():
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("__") or is_property(node) or is_route(node):
                continue
            word = node.name.lstrip("_").split("_")[0]
            if word not in VERBS | PREDICATES | CONVERSIONS and node.name not in FIXED:
                odd.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not odd, "a function's name begins with a verb, or with is_, has_ or can_"


def test_a_class_has_a_name_of_its_own() -> None:
    places = defaultdict(list)
    for file in list_files():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{file.relative_to(ROOT)}:{node.lineno}")
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice, "a name that means two things has to be decoded"
