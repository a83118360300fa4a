"""Exports, opened by the tools that their formats are for."""

import json
import re

import networkx as nx
import pydot
import pytest

from datamesh.models.graph import Direction, ExportFormat
from datamesh.models.lineage import LineageType
from datamesh.services.lineage import exports
from datamesh.services.lineage.export_formats import escape_mermaid
from datamesh.services.lineage.walk import LineageFilter
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.graphs import Edge, chain, graph_mesh
from tests.meshes import add_lineage, add_product, add_products, mesh, store_product

AWKWARD = [
    'say "hi"',
    "back\\slash\\",
    'both \\" of them',
    "<b>&amp;</b> ]]> <!-- -->",
    "two\nlines\r\nand\ttabs",
    "emoji 🙂 ümläut 数据",
    "#35; #quot; `code` --> |pipe| [x] {y} ;",
    "%% comment %%{init: {}}%%",
    "end",
    "'",
    "$x; 100%",
    "\u2028 line separator \x7f",
]
UNREPRESENTABLE = "null \x00 bell \x07 noncharacter \uffff"


def exported(registry: Registry, kind: ExportFormat, product: str | None = None) -> exports.Export:
    return exports.export_graph(
        CONTEXT,
        registry,
        kind,
        product=product,
        direction=Direction.BOTH,
        depth=10,
        only=LineageFilter(),
    )


def awkward(text: str) -> Registry:
    """Text that a client may send, or once could as a domain, wherever it may send any."""
    registry = mesh()
    store_product(registry, "end", domain=text.strip(), owner=text.strip())
    add_product(registry, "-b_2", status="deprecated")
    add_lineage(registry, "end", "-b_2", transformation=text, confidence=0.5)
    add_lineage(registry, "end", "-b_2", transformation="again", lineage_type="derived")
    add_lineage(registry, "end", "end", transformation="itself")
    return registry


# GraphML and node-link JSON


def read(kind: ExportFormat, text: str) -> "nx.MultiDiGraph[str]":
    if kind is ExportFormat.JSON:
        found = nx.node_link_graph(json.loads(text), edges="edges")
    else:
        found = nx.parse_graphml(text, force_multigraph=True)
    assert isinstance(found, nx.MultiDiGraph)
    return found


def key_of(kind: ExportFormat, entry_id: str) -> str | int:
    """networkx takes the id of an edge in GraphML for a number if it has digits alone."""
    return int(entry_id) if kind is ExportFormat.GRAPHML and entry_id.isdigit() else entry_id


@pytest.mark.parametrize("kind", [ExportFormat.GRAPHML, ExportFormat.JSON])
@pytest.mark.parametrize("text", AWKWARD)
def test_networkx_reads_what_was_registered(kind: ExportFormat, text: str) -> None:
    registry = awkward(text)
    found = read(kind, exported(registry, kind).text)
    text = text.strip()
    assert found.nodes["end"] == {"domain": text, "owner": text, "status": "active"}
    assert found.nodes["-b_2"]["status"] == "deprecated"
    entries = registry.lineage.read(NO_DEADLINE).lineage
    assert {
        (source, target, key): data
        for source, target, key, data in found.edges(keys=True, data=True)
    } == {
        (each.source, each.target, key_of(kind, each.id)): {
            "lineage_type": each.lineage_type.value,
            "confidence": each.confidence,
            "transformation": each.to_model().transformation,
        }
        for each in entries
    }


def test_what_xml_cannot_hold_is_replaced() -> None:
    found = read(
        ExportFormat.GRAPHML, exported(awkward(UNREPRESENTABLE), ExportFormat.GRAPHML).text
    )
    assert found.nodes["end"]["owner"] == "null \ufffd bell \ufffd noncharacter \ufffd"


# DOT


@pytest.mark.parametrize("text", [*AWKWARD, UNREPRESENTABLE])
def test_pydot_reads_dot(text: str) -> None:
    registry = awkward(text)
    graphs = pydot.graph_from_dot_data(exported(registry, ExportFormat.DOT).text)
    assert graphs
    [found] = graphs
    [default, *nodes] = found.get_nodes()
    assert (default.get_name(), default.get_attributes()) == ("node", {"shape": '"box"'})
    assert [unquoted(node.get_name()) for node in nodes] == ["end", "-b_2"]
    replaced = re.sub("[\x00\x07\uffff]", "\ufffd", text.strip())
    owner, domain = nodes[0].get_attributes()["owner"], nodes[0].get_attributes()["domain"]
    assert unquoted(owner) == unquoted(domain) == replaced
    edges = [
        (unquoted(edge.get_source()), unquoted(edge.get_destination()), edge.get_attributes())
        for edge in found.get_edges()
    ]
    entries = registry.lineage.read(NO_DEADLINE).lineage
    assert [(source, target, unquoted(data["id"])) for source, target, data in edges] == [
        (each.source, each.target, each.id) for each in entries
    ]
    assert edges[0][2]["label"] == '"direct 0.5"'


def unquoted(quoted: object) -> str:
    """Return the text that Graphviz makes of a quoted string's escapes."""
    value = str(quoted)
    assert (value[0], value[-1]) == ('"', '"')
    meant = {"n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: meant.get(found[1], found[1]), value[1:-1])


# Mermaid: its own parser needs Node and a browser's DOM, so this is the grammar of what we use

LABEL = r"[^\"`<>#&;{}|\[\]\\\n]|#[0-9]+;|<br/>"
NODE = re.compile(rf'    (n\d+)\["((?:{LABEL})+)"\](:::retired)?')
LINK = re.compile(rf'    (n\d+) -->\|"((?:{LABEL})+)"\| (n\d+)')


@pytest.mark.parametrize("text", [*AWKWARD, UNREPRESENTABLE])
def test_mermaid_is_a_flowchart_of_quoted_labels(text: str) -> None:
    head, style, *lines = exported(awkward(text), ExportFormat.MERMAID).text.splitlines()
    assert (head, style) == ("flowchart LR", "    classDef retired stroke-dasharray: 5 5")
    nodes = [found for found in map(NODE.fullmatch, lines[:2]) if found]
    links = [found for found in map(LINK.fullmatch, lines[2:]) if found]
    assert (len(nodes), len(links)) == (2, 3) == (2, len(lines) - 2)
    assert [found[3] for found in nodes] == [None, ":::retired"]
    assert decoded(nodes[0][2]) == "end<br/>" + " ".join(
        "".join(c if ord(c) not in (0, 7, 0xFFFF) else "\ufffd" for c in text).split()
    )
    assert [(found[1], found[3]) for found in links] == [("n0", "n1"), ("n0", "n1"), ("n0", "n0")]
    assert [found[2] for found in links] == ["direct 0.5", "derived 1", "direct 1"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("daily_revenue", "daily_revenue"),
        ("a-b c, d", "a-b c, d"),
        ("_orders_", "#95;orders#95;"),
        ("__a__ _b_", "#95;#95;a#95;#95; #95;b#95;"),
        ("*a* ~b~ `c`", "#42;a#42; #126;b#126; #96;c#96;"),
        ("www.example.com", "www#46;example#46;com"),
        ("https://a.example", "https#58;#47;#47;a#46;example"),
        ("1. a", "1#46; a"),
        ("1) a", "1#41; a"),
        ("- a -- b-", "#45; a #45;#45; b#45;"),
        ("[a](b)", "#91;a#93;#40;b#41;"),
    ],
)
def test_a_mermaid_label_is_no_markdown(text: str, label: str) -> None:
    """Its Markdown would show emphasis, and "Unsupported markdown" in place of links and lists."""
    assert escape_mermaid(text) == label


def decoded(label: str) -> str:
    return re.sub(r"#([0-9]+);", lambda found: chr(int(found[1])), label)


# bounds


@pytest.mark.parametrize("kind", ExportFormat)
def test_the_whole_graph_or_around_one_product(kind: ExportFormat) -> None:
    registry = graph_mesh([*chain("a1", "b1"), *chain("c1", "d1")])
    whole, around = exported(registry, kind), exported(registry, kind, "a1")
    assert [name for name in ("a1", "b1", "c1", "d1") if name not in whole.text] == []
    assert [name for name in ("a1", "b1") if name not in around.text] == []
    assert "c1" not in around.text
    assert not whole.truncated
    assert not around.truncated


@pytest.mark.parametrize("kind", ExportFormat)
def test_an_empty_registry_is_an_empty_graph(kind: ExportFormat) -> None:
    found = exported(mesh(), kind)
    assert not found.truncated
    if kind in (ExportFormat.JSON, ExportFormat.GRAPHML):
        assert len(read(kind, found.text)) == 0


def test_hidden_and_filtered_entries_are_not_exported() -> None:
    edges = [Edge("a", "b", 0.5), Edge("a", "b", 0.9, superseded=True), Edge("a", "gone")]
    registry = graph_mesh([*edges, Edge("b", "a", 0.9, LineageType.DERIVED)], names="ab")
    found = read(ExportFormat.JSON, exported(registry, ExportFormat.JSON).text)
    assert [key for _, _, key in found.edges(keys=True)] == ["entry-0", "entry-3"]
    only = LineageFilter(0.6, LineageType.DERIVED)
    filtered = exports.export_graph(
        CONTEXT,
        registry,
        ExportFormat.JSON,
        product=None,
        direction=Direction.BOTH,
        depth=1,
        only=only,
    )
    assert [edge["key"] for edge in json.loads(filtered.text)["edges"]] == ["entry-3"]


def test_more_than_1000_products_are_cut_and_the_first_ones_kept() -> None:
    names = [f"p{number:04}" for number in range(1002)]
    registry = graph_mesh(chain(*names), names)
    found = exported(registry, ExportFormat.JSON)
    body = json.loads(found.text)
    assert [node["id"] for node in body["nodes"]] == names[:1000]
    assert len(body["edges"]) == 999
    assert found.truncated
    assert not exported(graph_mesh(chain(*names[:1000])), ExportFormat.JSON).truncated


def test_more_than_10_000_entries_are_cut() -> None:
    found = exported(graph_mesh([Edge("a", "b")] * 10_001), ExportFormat.GRAPHML)
    assert len(read(ExportFormat.GRAPHML, found.text).edges) == 10_000
    assert found.truncated
    assert not exported(graph_mesh([Edge("a", "b")] * 10_000), ExportFormat.GRAPHML).truncated


def test_mermaid_keeps_within_what_mermaid_accepts() -> None:
    many = exported(graph_mesh([Edge("a", "b")] * 501), ExportFormat.MERMAID)
    assert many.text.count("-->") == 500
    assert many.truncated
    names = [f"{'n' * 90}_{number:04}" for number in range(1000)]
    large = exported(graph_mesh([Edge(name, name) for name in names]), ExportFormat.MERMAID)
    assert 20_000 < len(large.text.encode()) <= 50_000
    assert large.truncated
    assert set(re.findall(r"n\d+(?= -->)", large.text)) == set(
        re.findall(r"n\d+(?=\[)", large.text)
    )


@pytest.mark.parametrize("kind", sorted(set(ExportFormat) - {ExportFormat.MERMAID}))
def test_long_text_is_bounded_in_bytes(kind: ExportFormat) -> None:
    registry = mesh()
    add_products(registry, "ab")
    add_lineage(registry, "a", "b", transformation="🙂" * 1000)
    [entry] = registry.lineage.read(NO_DEADLINE).lineage
    stored = entry.to_model()
    copies = [
        LineageRecord.from_model(stored.model_copy(update={"id": f"e{number}"}))
        for number in range(2000)
    ]
    registry.lineage.commit(
        lambda file: (file.model_copy(update={"lineage": copies}), None), NO_DEADLINE
    )
    found = exported(registry, kind)
    assert 2_900_000 < len(found.text.encode()) < 3_001_000
    assert found.truncated
