import assert from "node:assert/strict";
import { test } from "node:test";
import type { ColumnGraph, Way } from "../src/api/types.ts";
import { bundleEdges } from "../src/graph/bundles.ts";
import { MOST_ROWS, unfold } from "../src/graph/columns.ts";
import { groupView } from "../src/graph/groups.ts";
import { chooseView, mergeGraphs } from "../src/graph/model.ts";
import { findAddresses, listOwners } from "../src/graph/owners.ts";
import { buildScene, chooseSizes } from "../src/graph/scene.ts";
import { writeMermaid, writeSvg } from "../src/graph/write.ts";
import { graphOf } from "./graphs.ts";

function meshOf() {
  const graph = graphOf("c", [["a", "c", 0.5], ["b", "c", 0.9], ["c", "d"], ["c", "e"], ["d", "f"]]);
  const sides: Record<string, Way> = { a: "upstream", b: "upstream", d: "downstream", e: "downstream", f: "downstream" };
  for (const node of graph.nodes) {
    node.direction = sides[node.name] ?? null;
    if (node.name === "e") node.domain = "Finance";
  }
  return chooseView(mergeGraphs([graph]), "c", 3, []);
}

test("products of one domain and side are one box, and edges to it say how many they are", () => {
  const view = groupView(meshOf(), "c", []);
  assert.deepEqual(view.nodes.map(({ name, members }) => [name, members]), [
    ["c", undefined],
    ["upstream:sales", 2],
    ["downstream:sales", 2],
    ["e", undefined],
  ]);
  const merged = view.edges.find(({ source }) => source === "upstream:sales")!;
  assert.deepEqual([merged.target, merged.count, merged.confidence, merged.lineage_type], ["c", 2, 0.9, "direct"]);
  assert.equal(view.edges.length, 3);
});

test("a group that is opened shows its products beside the product that brought them", () => {
  const view = groupView(meshOf(), "c", ["downstream:sales"]);
  assert.deepEqual(view.nodes.map(({ name }) => name), ["c", "upstream:sales", "d", "e", "f"]);
  assert.deepEqual(view.parents.get("f"), ["d", "downstream"]);
});

test("a node that another answer told of has its place as seen from the focus", () => {
  const first = graphOf("c", [["b", "c", 0.5]]);
  first.nodes.find(({ name }) => name === "b")!.path_confidence = 0.5;
  const known = mergeGraphs([first, graphOf("b", [["a", "b", 0.8]])]);
  const node = chooseView(known, "c", 1, ["b"]).nodes.find(({ name }) => name === "a")!;
  assert.deepEqual([node.distance, node.direction, node.path_confidence], [2, "upstream", 0.4]);
});

function columnsOf(product: string, names: readonly string[], target: string): ColumnGraph {
  return {
    product,
    nodes: names.map((column) => ({ product, column, distance: 0 })),
    edges: [{ id: "1", source_product: product, source_column: names.at(-1)!, target_product: target, target_column: "x", lineage_type: "direct" }],
    truncated: false,
  };
}

test("of many columns those with lineage are shown, in their order, and the rest is counted", () => {
  const names = Array.from({ length: 300 }, (_, i) => `column_${i}`);
  const found = unfold([columnsOf("a", names, "b")]);
  assert.equal(found.columns.get("a")!.length, MOST_ROWS);
  assert.equal(found.columns.get("a")!.at(-1), "column_299");
  assert.equal(found.hidden.get("a"), 300 - MOST_ROWS);
});

test("columns push down what is below them and nothing else, and their edges begin at their rows", () => {
  const view = chooseView(mergeGraphs([graphOf("c", [["a", "c"], ["b", "c"]])]), "c", 1, []);
  const sizes = chooseSizes(["a"]);
  const places = new Map<string, readonly [number, number]>([["a", [0, 0]], ["b", [0, 100]], ["c", [400, 50]]]);
  const before = buildScene(view, "c", places, new Map(), sizes);
  const after = buildScene(view, "c", places, new Map(), sizes, unfold([columnsOf("a", ["id", '<"x">'], "c")]));
  const heightOf = (scene: typeof before, name: string) => scene.nodes.find((node) => node.name === name)!.y;
  assert.equal(heightOf(after, "a"), heightOf(before, "a"));
  assert.equal(heightOf(after, "c"), heightOf(before, "c"));
  assert.equal(heightOf(after, "b"), heightOf(before, "b") + 46);
  assert.equal(after.columnEdges.length, 1);
  assert.ok(after.columnEdges[0]!.path.startsWith(`M${sizes.width} ${sizes.height / 2 + 30}`));
  assert.ok(writeSvg(after).includes("&lt;&quot;x&quot;&gt;"));
  assert.ok(!writeSvg(after).includes('<"x">'));
});

test("very many edges are a path for each type and tenth of confidence, and none is left out", () => {
  const edge = { id: "", source: "", target: "", lineage_type: "direct", confidence: 0.91, middle: [0, 0] as const, text: "", isBack: false };
  const bundles = bundleEdges([{ ...edge, path: "M0 0L1 1" }, { ...edge, confidence: 0.88, path: "M2 2L3 3" }, { ...edge, lineage_type: "derived", path: "M4 4L5 5" }]);
  assert.deepEqual(bundles.map(({ path, text }) => [path, text]), [
    ["M0 0L1 1M2 2L3 3", "direct, about 90 %"],
    ["M4 4L5 5", "derived, about 90 %"],
  ]);
});

test("a group is told with its domain in Mermaid", () => {
  const view = groupView(meshOf(), "c", []);
  const places = new Map(view.nodes.map(({ name }, i) => [name, [i * 300, 0] as const]));
  const text = writeMermaid(buildScene(view, "c", places, new Map(), chooseSizes(["a"])));
  assert.ok(text.includes('["sales: 2 products"]'));
  assert.ok(text.includes('-->|"edges: 2"|'));
});

test("people are told once, the nearest first, and written to where they have an address", () => {
  const product = (name: string, distance: number) => ({ name, distance, path_confidence: 1 });
  const owners = listOwners({
    total: 4,
    truncated: false,
    groups: [
      { domain: "a", owner: "Zoe's team", products: [product("p", 2)] },
      { domain: "b", owner: "ann@example.com", products: [product("q", 1)] },
      { domain: "c", owner: "Zoe's team", products: [product("r", 3), product("s", 2)] },
    ],
  });
  assert.deepEqual(owners.map(({ owner, products }) => [owner, products.map(({ name }) => name)]), [
    ["ann@example.com", ["q"]],
    ["Zoe's team", ["p", "s", "r"]],
  ]);
  const contacts = [{ name: "Bo", email: "bo@example.com" }, { name: "Ann", email: "ann@example.com" }, { name: "x", email: "a@b,c@d" }];
  assert.deepEqual(findAddresses(owners, [{ contacts } as never]), ["ann@example.com", "bo@example.com"]);
});
