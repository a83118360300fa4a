"""Writers of the lineage graph as Mermaid, DOT, GraphML and node-link JSON.

Domains, owners and transformations are any text that a client sent: it is escaped, so that it
becomes data of the format, never syntax.
"""

import re
from collections.abc import Sequence
from typing import Protocol
from xml.sax.saxutils import escape

from datamesh.models.graph import ExportFormat, NodeLinkEdge, NodeLinkNode
from datamesh.models.json_codec import encode_value
from datamesh.models.products import ProductStatus
from datamesh.storage.records import LineageRecord, ProductRecord

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 (section 2.2) cannot hold, however they are escaped."""

NOT_PLAIN_IN_MERMAID = re.compile(
    r"""
    [^\w ,-]                                # others, the dot of a link or a list among them
    | (?<![^\W_])[_-]+ | [_-]+(?![^\W_])    # emphasis, lists and rules are at the edges of words
    """,
    re.VERBOSE,
)
"""The text that Markdown, by which Mermaid reads labels, may take for more than text."""


class Writer(Protocol):
    """Writes a graph in one format, each product before the entries that name it."""

    max_edges: int
    """The most edges that tools of the format accept."""
    max_bytes: int

    def write_node(self, product: ProductRecord) -> str:
        """Return a product in this format."""

    def write_edge(self, entry: LineageRecord) -> str:
        """Return an entry in this format."""

    def write_document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        """Return the whole text, made of written nodes and edges."""


class MermaidWriter:
    """Mermaid flowcharts (https://mermaid.js.org/syntax/flowchart.html).

    They are within Mermaid's own default bounds (`maxEdges`, `maxTextSize`), which GitHub and
    others keep.
    """

    max_edges = 500
    max_bytes = 50_000 - 1000

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def write_node(self, product: ProductRecord) -> str:
        """Return a product as a line of the flowchart."""
        # Not the name: `end` and others are keywords of Mermaid.
        node_id = self._ids[product.name] = f"n{len(self._ids)}"
        label = f"{escape_mermaid(product.name)}<br/>{escape_mermaid(product.domain)}"
        if product.status is ProductStatus.ACTIVE:
            return f'    {node_id}["{label}"]\n'
        return f'    {node_id}["{label}, {product.status}"]:::retired\n'

    def write_edge(self, entry: LineageRecord) -> str:
        """Return an entry as an arrow of the flowchart."""
        source, target = self._ids[entry.source], self._ids[entry.target]
        return f'    {source} -->|"{entry.lineage_type} {entry.confidence:.3g}"| {target}\n'

    def write_document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        """Return the whole flowchart."""
        style = "    classDef retired stroke-dasharray: 5 5\n"
        return "".join(["flowchart LR\n", style, *nodes, *edges])


class DotWriter:
    """Graphviz DOT (https://graphviz.org/doc/info/lang.html).

    What is not shown in the picture is kept in attributes that Graphviz ignores.
    """

    max_edges = 10_000
    max_bytes = 3_000_000

    def write_node(self, product: ProductRecord) -> str:
        """Return a product as a DOT node statement."""
        label = f"{escape_dot_label(product.name)}\\n{escape_dot_label(product.domain)}"
        style = "" if product.status is ProductStatus.ACTIVE else ' style="dashed"'
        return (
            f'  {quote_dot(product.name)} [label="{label}" domain={quote_dot(product.domain)} '
            f"owner={quote_dot(product.owner)} status={quote_dot(product.status)}{style}];\n"
        )

    def write_edge(self, entry: LineageRecord) -> str:
        """Return an entry as a DOT edge statement."""
        return (
            f"  {quote_dot(entry.source)} -> {quote_dot(entry.target)} [id={quote_dot(entry.id)} "
            f'label="{entry.lineage_type} {entry.confidence:.3g}" '
            f'lineage_type="{entry.lineage_type}" confidence="{entry.confidence}" '
            f"transformation={quote_dot(entry.to_model().transformation)}];\n"
        )

    def write_document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        """Return the whole digraph."""
        head = 'digraph lineage {\n  rankdir="LR";\n  node [shape="box"];\n'
        return "".join([head, *nodes, *edges, "}\n"])


class GraphMlWriter:
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

    def write_node(self, product: ProductRecord) -> str:
        """Return a product as a `node` element."""
        data = {"domain": product.domain, "owner": product.owner, "status": product.status}
        return f"    <node id={quote_xml(product.name)}>{_write_xml_data(data)}</node>\n"

    def write_edge(self, entry: LineageRecord) -> str:
        """Return an entry as an `edge` element."""
        ends = f"source={quote_xml(entry.source)} target={quote_xml(entry.target)}"
        data = {
            "lineage_type": entry.lineage_type,
            "confidence": str(entry.confidence),
            "transformation": entry.to_model().transformation,
        }
        return f"    <edge id={quote_xml(entry.id)} {ends}>{_write_xml_data(data)}</edge>\n"

    def write_document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        """Return the whole GraphML document."""
        keys = (
            f'  <key id="{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n'
            for of, name, kind in self.KEYS
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        opened = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        graph = '  <graph id="lineage" edgedefault="directed">\n'
        closed = "  </graph>\n</graphml>\n"
        return "".join([head, opened, *keys, graph, *nodes, *edges, closed])


class NodeLinkWriter:
    """JSON in node-link form, as `networkx.node_link_graph(..., edges="edges")` reads it."""

    max_edges = 10_000
    max_bytes = 3_000_000

    def write_node(self, product: ProductRecord) -> str:
        """Return a product as a JSON object."""
        node: NodeLinkNode = {
            "id": product.name,
            "domain": product.domain,
            "owner": product.owner,
            "status": product.status.value,
        }
        return encode_value(node).decode()

    def write_edge(self, entry: LineageRecord) -> str:
        """Return an entry as a JSON object."""
        edge: NodeLinkEdge = {
            "source": entry.source,
            "target": entry.target,
            "key": entry.id,
            "lineage_type": entry.lineage_type.value,
            "confidence": entry.confidence,
            "transformation": entry.to_model().transformation,
        }
        return encode_value(edge).decode()

    def write_document(self, nodes: Sequence[str], edges: Sequence[str]) -> str:
        """Return the whole JSON object."""
        head = '{"directed":true,"multigraph":true,"graph":{"name":"lineage"},'
        return f'{head}"nodes":[{",".join(nodes)}],"edges":[{",".join(edges)}]}}'


WRITERS: dict[ExportFormat, type[Writer]] = {
    ExportFormat.MERMAID: MermaidWriter,
    ExportFormat.DOT: DotWriter,
    ExportFormat.GRAPHML: GraphMlWriter,
    ExportFormat.JSON: NodeLinkWriter,
}


def replace_unrepresentable(text: str) -> str:
    """Return the text with each character that XML cannot hold replaced by U+FFFD."""
    return NOT_IN_XML.sub("\ufffd", text)


def escape_mermaid(text: str) -> str:
    """Escape text for a quoted label: letters and digits stay, others become code points.

    `a"b` -> `a#34;b`, `_a_b_` -> `#95;a_b#95;`; runs of white space become one space.
    """
    spaced = replace_unrepresentable(" ".join(text.split()))
    return NOT_PLAIN_IN_MERMAID.sub(
        lambda found: "".join(f"#{ord(character)};" for character in found[0]), spaced
    )


def quote_dot(text: str) -> str:
    """Return the text as a quoted DOT string."""
    return f'"{_escape_dot(replace_unrepresentable(text))}"'


def escape_dot_label(text: str) -> str:
    """Escape a line of a label, in which Graphviz also reads HTML entities."""
    return _escape_dot(replace_unrepresentable(" ".join(text.split())).replace("&", "&amp;"))


def _escape_dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


def escape_xml(text: str) -> str:
    """Escape the text of an XML element."""
    return escape(replace_unrepresentable(text), {"\r": "&#13;"})


def quote_xml(text: str) -> str:
    """Return the text as the quoted value of an XML attribute."""
    return f'"{escape(replace_unrepresentable(text), {'"': "&quot;"})}"'


def _write_xml_data(values: dict[str, str]) -> str:
    return "".join(f'<data key="{key}">{escape_xml(text)}</data>' for key, text in values.items())
