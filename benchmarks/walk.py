"""Walks over the lineage of 10,000 products with 100,000 entries: `python -m benchmarks.walk`."""

from pydantic import TypeAdapter

from benchmarks.lambdas import calls
from benchmarks.measure import Row, median_ms, show
from benchmarks.mesh import big_mesh, product_name
from datamesh.models.graph import Direction, LineageGraph
from datamesh.services import graph, lineage
from datamesh.services.adjacency import LineageIndex, Verdicts
from datamesh.services.registry import Registry
from datamesh.services.walk import Filter
from datamesh.storage.files import LineageFile

PRODUCTS, ENTRIES = 10_000, 100_000
START, NEAR_THE_END = product_name(PRODUCTS // 2), product_name(PRODUCTS // 2 + 800)


def main() -> None:
    registry = big_mesh(PRODUCTS, ENTRIES)
    title = f"{PRODUCTS:,} products, {ENTRIES:,} entries"
    show(f"{title}: requests through the handler", requests(registry))
    show(f"{title}: within the service", parts(registry))


def requests(registry: Registry) -> list[Row]:
    call = calls("lineage", registry)
    rows = []
    for name, target in {
        "one hop (upstream)": f"/lineage/upstream/{START}",
        "graph downstream, 1,000 nodes": f"/lineage/graph/{START}?direction=downstream&depth=50",
        "graph both ways, 1,000 nodes": f"/lineage/graph/{START}?depth=50",
        "graph both ways, 100 nodes": f"/lineage/graph/{START}?depth=50&max_nodes=100",
        "impact, 1,000 products": f"/lineage/impact/{START}",
        "path, 8 to 50 hops": f"/lineage/path?source={START}&target={NEAR_THE_END}",
        "export as GraphML, whole": "/lineage/export?format=graphml",
    }.items():
        send, answer = call(target)
        rows.append(Row(name, median_ms(send), note=described(answer.content, answer.body)))
    send, _ = call(f"/lineage/graph/{START}?direction=downstream&depth=50")

    def forget() -> None:
        registry.lineage_index.verdicts = Verdicts()

    first = median_ms(send, forget)
    note = "visibility found out anew, as after each change"
    rows.append(Row("the same downstream, first after a change", first, rows[1].name, note))
    return rows


def described(content: bytes, body: object) -> str:
    size = f"{len(content) / 1000:,.0f} KB"
    if isinstance(body, dict) and "nodes" in body:
        return f"{len(body['nodes'])} nodes, {len(body['edges'])} edges, {size}"
    return size


def parts(registry: Registry) -> list[Row]:
    file = registry.lineage.read()
    appended = LineageFile(revision=file.revision + 1, lineage=[*file.lineage, file.lineage[0]])
    index = LineageIndex()

    def fresh() -> None:
        nonlocal index
        index = LineageIndex()

    def indexed() -> None:
        fresh()
        index.of(file)

    def around() -> LineageGraph:
        return graph.around(
            registry,
            START,
            direction=Direction.DOWNSTREAM,
            depth=50,
            only=Filter(),
            max_nodes=1000,
        )

    def scanned() -> object:
        return [entry for entry in lineage.visible_entries(registry) if entry.target == START]

    answer, model = around(), TypeAdapter(LineageGraph)
    build, one_hop, plain = "index of the file, built", "one hop, from the index", "as JSON"
    return [
        Row(build, median_ms(lambda: index.of(file), fresh)),
        Row("index, extended by an entry", median_ms(lambda: index.of(appended), indexed), build),
        Row(one_hop, median_ms(lambda: lineage.upstream(registry, START))),
        Row("one hop, all entries looked through", median_ms(scanned), one_hop),
        Row("walk downstream, 1,000 nodes", median_ms(around)),
        Row(plain, median_ms(lambda: model.dump_json(answer))),
        Row(
            "as JSON, checked against its model first",
            median_ms(lambda: model.dump_json(model.validate_python(answer))),
            plain,
        ),
    ]


if __name__ == "__main__":
    main()
