"""Names that a newcomer can read: functions are verbs with their objects, classes are used once.

A failing test names the function to rename; a good verb that is missing here is added. Docstrings
name what they describe; ruff's pydocstyle rules see to their form.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers/shared/datamesh", "functions", "dev")
DESCRIBED = (*FOLDERS, "benchmarks", "examples", "tests")

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

FRAGMENT = re.compile(
    r"(All|As|At|Below|Between|By|For|From|In|Instead|Into|Its|Like|Of|On|Such|Than|That|Those|To"
    r"|Under|Until|Up|What|Whether|Which|Who|Whom|Whose|With|Within|Without)\b"
)
"""The words that a docstring begins with if it has to be read together with what it describes."""


def list_files(folders: Iterable[str] = FOLDERS) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def list_docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring, those of attributes and constants among them.

    The names of tests are sentences, which a docstring may go on with.
    """
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        is_test = isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if is_test or not isinstance(body, list):
            continue
        for statement in body:
            match statement:
                case ast.Expr(ast.Constant(str(text))):
                    yield statement.lineno, text


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


def test_a_docstring_names_what_it_describes() -> None:
    odd = []
    for file in list_files(DESCRIBED):
        source = file.read_text()
        # Parsing takes time, and few files have a string that begins so.
        if not re.search(f'"""{FRAGMENT.pattern}', source):
            continue
        for line, text in list_docstrings(source):
            if FRAGMENT.match(text):
                odd.append(f"{file.relative_to(ROOT)}:{line} {text.splitlines()[0]}")
    assert not odd, "a docstring begins with what it names: `Return ...`, `The ...`, `True if ...`"
