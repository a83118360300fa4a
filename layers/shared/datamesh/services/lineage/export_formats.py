"""How products and entries are written in Mermaid, DOT, GraphML and node-link JSON.

Domains, owners and transformations are any text that a client sent; here it becomes data of the
format, never syntax.
"""

import re
from collections.abc import Sequence
from typing import Protocol
from xml.sax.saxutils import escape

from pydantic_core import to_json

from datamesh.models.graph import ExportFormat, NodeLinkEdge, NodeLinkNode
from datamesh.models.products import ProductStatus
from datamesh.storage.records import LineageRecord, ProductRecord

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2) cannot hold, however it is escaped."""

NOT_PLAIN_IN_MERMAID = re.compile(r"[^\w .,:/()-]")


class Writer(Protocol):
    """Writes a graph, each product before the entries that name it."""

    max_edges: int
    max_bytes: int

    def node(self, product: ProductRecord) -> str: ...

    def edge(self, entry: LineageRecord) -> str: ...

    def document(self, nodes: Sequence[str], edges: Sequence[str]) -> str: ...


class Mermaid:
    """A flowchart (https://mermaid.js.org/syntax/flowchart.html), within Mermaid's own default
    bounds (`maxEdges`, `maxTextSize`), which GitHub and others keep."""

    max_edges = 500
    max_bytes = 50_000 - 1000

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def node(self, product: ProductRecord) -> str:
        # Not the name: `end` and others are words of the language.
        node_id = self._ids[product.name] = f"n{len(self._ids)}"
        label = f"{mermaid_text(product.name)}<br/>{mermaid_text(product.domain)}"
        if product.status is ProductStatus.ACTIVE:
            return f'    {node_id}["{label}"]\n'
        return f'    {node_id}["{label}, {product.status}"]:::retired\n'

    def edge(self, entry: LineageRecord) -> str:
        source, target = self._ids[entry.source], self._ids[entry.target]
        return f'    {source} -->|"{entry.lineage_type} {entry.confidence:.3g}"| {target}\n'

    def document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        style = "    classDef retired stroke-dasharray: 5 5\n"
        return "".join(["flowchart LR\n", style, *nodes, *edges])


class Dot:
    """Graphviz DOT (https://graphviz.org/doc/info/lang.html). Text that is not shown stands in
    attributes of our own."""

    max_edges = 10_000
    max_bytes = 3_000_000

    def node(self, product: ProductRecord) -> str:
        label = f"{dot_label(product.name)}\\n{dot_label(product.domain)}"
        style = "" if product.status is ProductStatus.ACTIVE else ' style="dashed"'
        return (
            f'  {dot_text(product.name)} [label="{label}" domain={dot_text(product.domain)} '
            f"owner={dot_text(product.owner)} status={dot_text(product.status)}{style}];\n"
        )

    def edge(self, entry: LineageRecord) -> str:
        return (
            f"  {dot_text(entry.source)} -> {dot_text(entry.target)} [id={dot_text(entry.id)} "
            f'label="{entry.lineage_type} {entry.confidence:.3g}" '
            f'lineage_type="{entry.lineage_type}" confidence="{entry.confidence}" '
            f"transformation={dot_text(entry.to_model().transformation)}];\n"
        )

    def document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        head = 'digraph lineage {\n  rankdir="LR";\n  node [shape="box"];\n'
        return "".join([head, *nodes, *edges, "}\n"])


class GraphMl:
    """GraphML (http://graphml.graphdrawing.org/specification.html)."""

    max_edges = 10_000
    max_bytes = 3_000_000

    KEYS = (
        ("node", "domain", "string"),
        ("node", "owner", "string"),
        ("node", "status", "string"),
        ("edge", "lineage_type", "string"),
        ("edge", "confidence", "double"),
        ("edge", "transformation", "string"),
    )

    def node(self, product: ProductRecord) -> str:
        data = {"domain": product.domain, "owner": product.owner, "status": product.status}
        return f"    <node id={xml_value(product.name)}>{_xml_data(data)}</node>\n"

    def edge(self, entry: LineageRecord) -> str:
        ends = f"source={xml_value(entry.source)} target={xml_value(entry.target)}"
        data = {
            "lineage_type": entry.lineage_type,
            "confidence": str(entry.confidence),
            "transformation": entry.to_model().transformation,
        }
        return f"    <edge id={xml_value(entry.id)} {ends}>{_xml_data(data)}</edge>\n"

    def document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        keys = (
            f'  <key id="{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n'
            for of, name, kind in self.KEYS
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        opened = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        graph = '  <graph id="lineage" edgedefault="directed">\n'
        closed = "  </graph>\n</graphml>\n"
        return "".join([head, opened, *keys, graph, *nodes, *edges, closed])


class NodeLink:
    """JSON in node-link form, as `networkx.node_link_graph(..., edges="edges")` reads it."""

    max_edges = 10_000
    max_bytes = 3_000_000

    def node(self, product: ProductRecord) -> str:
        node: NodeLinkNode = {
            "id": product.name,
            "domain": product.domain,
            "owner": product.owner,
            "status": product.status.value,
        }
        return to_json(node).decode()

    def edge(self, entry: LineageRecord) -> str:
        edge: NodeLinkEdge = {
            "source": entry.source,
            "target": entry.target,
            "key": entry.id,
            "lineage_type": entry.lineage_type.value,
            "confidence": entry.confidence,
            "transformation": entry.to_model().transformation,
        }
        return to_json(edge).decode()

    def document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        head = '{"directed":true,"multigraph":true,"graph":{"name":"lineage"},'
        return f'{head}"nodes":[{",".join(nodes)}],"edges":[{",".join(edges)}]}}'


WRITERS: dict[ExportFormat, type[Writer]] = {
    ExportFormat.MERMAID: Mermaid,
    ExportFormat.DOT: Dot,
    ExportFormat.GRAPHML: GraphMl,
    ExportFormat.JSON: NodeLink,
}


def representable(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)


def mermaid_text(text: str) -> str:
    """Text for a quoted label: letters and digits as they are, the rest by code point."""
    spaced = representable(" ".join(text.split()))
    return NOT_PLAIN_IN_MERMAID.sub(lambda found: f"#{ord(found[0])};", spaced)


def dot_text(text: str) -> str:
    return f'"{_dot_escaped(representable(text))}"'


def dot_label(text: str) -> str:
    """A line of a label, where Graphviz also reads HTML's entities."""
    return _dot_escaped(representable(" ".join(text.split())).replace("&", "&amp;"))


def _dot_escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


def xml_text(text: str) -> str:
    return escape(representable(text), {"\r": "&#13;"})


def xml_value(text: str) -> str:
    """An attribute's value, quoted."""
    return f'"{escape(representable(text), {'"': "&quot;"})}"'


def _xml_data(values: dict[str, str]) -> str:
    return "".join(f'<data key="{key}">{xml_text(text)}</data>' for key, text in values.items())
