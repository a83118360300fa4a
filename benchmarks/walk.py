"""Walks over the lineage of 10,000 products with 100,000 entries, through the handler.

The reference holds the same graph in networkx, walks it breadth first, and answers with networkx'
own node-link JSON: no visibility, no confidence of paths, no cycles.
"""

import json
from itertools import islice

import networkx as nx

from benchmarks.lambdas import get, ours
from benchmarks.measure import Row, alternately, at_most, cpu_ms
from benchmarks.mesh import big_mesh, lineage_file, product_name
from datamesh.models.lineage import LineageRegistration
from datamesh.services import lineage

PRODUCTS, ENTRIES, NODES = 10_000, 100_000, 1_000
START, NEAR_THE_END = product_name(PRODUCTS // 2), product_name(PRODUCTS // 2 + 800)
DOWNSTREAM = f"/lineage/graph/{START}?direction=downstream&depth=50"
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
    service, graph = ours("lineage", registry), in_networkx()
    service.select()
    walk = service.in_turn([get(DOWNSTREAM)])
    answer = service.answers(get(DOWNSTREAM)).body
    assert len(answer["nodes"]) == len(walked(graph)["nodes"]) == NODES
    measured, plain = alternately(cpu_ms(walk, 5), cpu_ms(lambda: json.dumps(walked(graph)), 5))
    what = f"graph downstream, {NODES:,} nodes"
    found = [Row(what, "ms CPU", measured, plain, "networkx, breadth first", at_most(15))]
    for name, target in OTHERS.items():
        (measured,) = alternately(cpu_ms(service.in_turn([get(target)])))
        found.append(Row(name, "ms CPU", measured))

    def write() -> None:
        ends = {"source": START, "target": product_name(0), "transformation": "SELECT 1"}
        lineage.register(registry, LineageRegistration.model_validate(ends))

    (first,) = alternately(cpu_ms(walk, prepare=write))
    note = "what is visible is found out anew"
    return [*found, Row(f"{what}, first after a write", "ms CPU", first, note=note)]


def in_networkx() -> "nx.MultiDiGraph[str]":
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for entry in json.loads(lineage_file(PRODUCTS, ENTRIES))["lineage"]:
        graph.add_edge(entry["source"], entry["target"], key=entry["id"], **entry)
    return graph


def walked(graph: "nx.MultiDiGraph[str]") -> dict[str, list[object]]:
    reached = [START, *(end for _, end in islice(nx.bfs_edges(graph, START), NODES - 1))]
    found: dict[str, list[object]] = nx.node_link_data(graph.subgraph(reached), edges="edges")
    return found
