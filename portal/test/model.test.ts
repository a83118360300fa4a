import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseView, mergeGraphs, STEP } from "../src/graph/model.ts";
import { buildScene, chooseSizes, shorten } from "../src/graph/scene.ts";
import { stepFrom } from "../src/graph/steps.ts";
import { fitViewport, zoomViewport } from "../src/graph/viewport.ts";
import { writeMermaid, writeSvg } from "../src/graph/write.ts";
import { graphOf } from "./graphs.ts";

const CHAIN = graphOf("c", [["a", "b"], ["b", "c"], ["c", "d"], ["d", "e"], ["b", "x"]]);
const namesOf = (view: { nodes: readonly { name: string }[] }) => view.nodes.map(({ name }) => name).sort().join("");

test("one hop each way is shown, and what lies beyond is counted", () => {
  const view = chooseView(mergeGraphs([CHAIN]), "c", 1, []);
  assert.equal(namesOf(view), "bcd");
  assert.deepEqual(Object.fromEntries(view.hidden), { b: 2, d: 1 });
  assert.deepEqual(view.edges.map(({ id }) => id), ["b>c", "c>d"]);
});

test("two hops follow each way on, and do not turn", () => {
  assert.equal(namesOf(chooseView(mergeGraphs([CHAIN]), "c", 2, [])), "abcde");
});

test("a product that was opened shows both sides, and says who brought what into view", () => {
  const view = chooseView(mergeGraphs([CHAIN]), "c", 1, ["b"]);
  assert.equal(namesOf(view), "abcdx");
  assert.deepEqual(view.parents.get("x"), ["b", "downstream"]);
  assert.deepEqual(Object.fromEntries(view.hidden), { d: 1 });
});

test("of very many neighbours the most confident come first, and the rest step by step", () => {
  const pairs = Array.from({ length: 300 }, (_, i) => [`s${i}`, "hub", i / 300] as const);
  const known = mergeGraphs([graphOf("hub", pairs)]);
  const view = chooseView(known, "hub", 1, []);
  assert.equal(view.nodes.length, 1 + STEP);
  assert.equal(view.nodes[1]!.name, "s299");
  assert.equal(view.hidden.get("hub"), 300 - STEP);
  assert.equal(chooseView(known, "hub", 1, ["hub", "hub"]).nodes.length, 1 + 3 * STEP);
});

test("a loop and a cycle are shown once", () => {
  const view = chooseView(mergeGraphs([graphOf("a", [["a", "a"], ["a", "b"], ["b", "a"]])]), "a", 3, []);
  assert.equal(namesOf(view), "ab");
  assert.equal(view.edges.length, 3);
});

function sceneOf() {
  const view = chooseView(mergeGraphs([graphOf("b", [["a", "b"], ["b", '<"c">&']])]), "b", 1, []);
  const sizes = chooseSizes(["a"]);
  const places = new Map<string, readonly [number, number]>([["a", [0, 0]], ["b", [300, 0]], ['<"c">&', [600, 0]]]);
  return buildScene(view, "b", places, new Map(), sizes);
}

test("hostile names are text in every file", () => {
  const svg = writeSvg(sceneOf());
  assert.ok(svg.includes("<title>&lt;&quot;c&quot;&gt;&amp;</title>"));
  assert.ok(!svg.includes('<"c">'));
  const mermaid = writeMermaid(sceneOf());
  assert.ok(mermaid.startsWith("flowchart LR\n"));
  assert.ok(mermaid.includes('n2["<#quot;c#quot;>&"]'));
  assert.ok(mermaid.includes('n1 -->|"direct 100 %"| n0'));
});

test("arrow keys follow edges", () => {
  const scene = sceneOf();
  assert.equal(stepFrom(scene, "b", "ArrowLeft")?.name, "a");
  assert.equal(stepFrom(scene, "a", "ArrowRight")?.name, "b");
  assert.equal(stepFrom(scene, "a", "ArrowLeft"), undefined);
  assert.equal(stepFrom(scene, "a", "Enter"), undefined);
});

test("a name that is too long keeps both its ends", () => {
  const name = `start_${"x".repeat(90)}_end`;
  assert.equal(shorten(name).length, 40);
  assert.match(shorten(name), /^start_x+…x+_end$/);
  assert.equal(shorten("orders"), "orders");
});

test("a small graph fits, a large one shows its focus in a readable size", () => {
  const scene = sceneOf();
  const fitted = fitViewport(scene, 2000, 1000);
  assert.equal(fitted.scale, 1.25);
  const large = { ...scene, box: { ...scene.box, height: 20_000 } };
  assert.ok(fitViewport(large, 900, 600).scale >= 0.55);
  assert.ok(fitViewport(large, 900, 600, true).scale < 0.05);
});

test("zooming leaves the point under the pointer where it is", () => {
  const before = { x: 10, y: 20, scale: 1 };
  const after = zoomViewport(before, 2, 110, 220);
  assert.deepEqual(after, { x: -90, y: -180, scale: 2 });
});
