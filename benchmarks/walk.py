"""Walks over the lineage of 10,000 products with 100,000 entries, through the handler.

The reference holds the same graph in networkx, walks it breadth first, and answers with networkx'
own node-link JSON: no visibility, no confidence of paths, no cycles.
"""

import json
from itertools import islice

import networkx as nx

from benchmarks.lambdas import get, ours
from benchmarks.measure import ROUNDS, Row, alternately, at_most, cpu_ms
from benchmarks.mesh import big_mesh, lineage_file, product_name
from datamesh.models.lineage import LineageRegistration
from datamesh.services.lineage import registration
from tests.contexts import CONTEXT

PRODUCTS, ENTRIES, NODES = 10_000, 100_000, 1_000
START, NEAR_THE_END = product_name(PRODUCTS // 2), product_name(PRODUCTS // 2 + 800)
DOWNSTREAM = "/lineage/graph/{}?direction=downstream&depth=50"
OTHERS = {
    "one hop (upstream)": f"/lineage/upstream/{START}",
    f"graph both ways, {NODES:,} nodes": f"/lineage/graph/{START}?depth=50",
    "graph both ways, 100 nodes": f"/lineage/graph/{START}?depth=50&max_nodes=100",
    f"impact, {NODES:,} products": f"/lineage/impact/{START}",
    "path, 8 to 50 hops": f"/lineage/path?source={START}&target={NEAR_THE_END}",
    "export as GraphML, whole": "/lineage/export?format=graphml",
}


def rows() -> list[Row]:
    registry = big_mesh(PRODUCTS, ENTRIES)
    service = ours("lineage", registry)
    found = [downstream(PRODUCTS, ENTRIES)]
    service.select()
    for name, target in OTHERS.items():
        (measured,) = alternately(cpu_ms(service.in_turn([get(target)])))
        found.append(Row(name, "ms CPU", measured))

    def write() -> None:
        ends = {"source": START, "target": product_name(0), "transformation": "SELECT 1"}
        registration.register_lineage(CONTEXT, registry, LineageRegistration.model_validate(ends))

    (first,) = alternately(cpu_ms(service.in_turn([get(DOWNSTREAM.format(START))]), prepare=write))
    note = "what is visible is found out anew"
    return [*found, Row(f"{found[0].what}, first after a write", "ms CPU", first, note=note)]


def downstream(products: int, entries: int, rounds: int = ROUNDS) -> Row:
    start = product_name(products // 2)
    service, graph = ours("lineage", big_mesh(products, entries)), in_networkx(products, entries)
    event = get(DOWNSTREAM.format(start))
    assert len(service.answers(event).body["nodes"]) == len(walked(graph, start)["nodes"]) == NODES
    measured, plain = alternately(
        cpu_ms(service.in_turn([event]), 5),
        cpu_ms(lambda: json.dumps(walked(graph, start)), 5),
        rounds=rounds,
    )
    what = f"graph downstream, {NODES:,} nodes"
    return Row(what, "ms CPU", measured, plain, "networkx, breadth first", at_most(15))


def in_networkx(products: int, entries: int) -> "nx.MultiDiGraph[str]":
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entry in json.loads(lineage_file(products, entries))["lineage"]:
        graph.add_edge(entry["source"], entry["target"], key=entry["id"], **entry)
    return graph


def walked(graph: "nx.MultiDiGraph[str]", start: str) -> dict[str, list[object]]:
    reached = [start, *(end for _, end in islice(nx.bfs_edges(graph, start), NODES - 1))]
    found: dict[str, list[object]] = nx.node_link_data(graph.subgraph(reached), edges="edges")
    return found
