import assert from "node:assert/strict";
import { test } from "node:test";
import { findBackEdges } from "../src/graph/cycles.ts";
import { layOut } from "../src/graph/layout.ts";
import { placeNew } from "../src/graph/place.ts";

const SIZES = { width: 100, height: 40, gapX: 60, gapY: 20 };

function edgesOf(text: string): { source: string; target: string }[] {
  return text.split(" ").map((pair) => ({ source: pair[0]!, target: pair[1]! }));
}

/** The same numbers each time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function randomGraph(count: number, edges: number) {
  const random = randomNumbers(7);
  const names = Array.from({ length: count }, (_, i) => `n${i}`);
  const pick = () => names[Math.floor(random() * count)]!;
  return { names, edges: Array.from({ length: edges }, () => ({ source: pick(), target: pick() })) };
}

test("sources are to the left of what is made of them", () => {
  const { positions } = layOut([..."abcd"], edgesOf("ab bc ac cd"), SIZES);
  assert.deepEqual([..."abcd"].map((name) => positions[name]![0]), [0, 160, 320, 480]);
});

test("a long edge is led through the layers between its ends", () => {
  const { bends, positions } = layOut([..."abc"], edgesOf("ab bc ac"), SIZES);
  assert.deepEqual(bends.map((each) => each.length), [0, 0, 1]);
  assert.equal(bends[2]![0]![0], 160 + SIZES.width / 2);
  assert.notEqual(bends[2]![0]![1], positions["b"]![1]);
});

test("crossings that need not be are taken away", () => {
  const { positions } = layOut([..."abxy"], edgesOf("ay bx"), SIZES);
  const order = (first: string, second: string) => positions[first]![1] < positions[second]![1];
  assert.equal(order("a", "b"), order("y", "x"));
});

test("cycles, loops, doubled edges and unknown ends are laid out all the same", () => {
  const { positions, bends } = layOut([..."abc"], edgesOf("ab bc ca aa ab az"), SIZES);
  assert.deepEqual([..."abc"].map((name) => positions[name]![0]), [0, 160, 320]);
  assert.equal(bends.length, 6);
  assert.equal(bends[2]!.length, 1);
});

test("without the edges that are found there is no cycle", () => {
  const { names, edges } = randomGraph(60, 300);
  const ends = edges.map(({ source, target }): [number, number] => [names.indexOf(source), names.indexOf(target)]);
  const back = findBackEdges(names.length, ends);
  const rest = ends.filter((_, edge) => !back.has(edge));
  let left = names.map((_, node) => node);
  for (let round = 0; round <= names.length; round++) {
    left = left.filter((node) => rest.some(([from, to]) => to === node && left.includes(from)));
  }
  assert.deepEqual(left, []);
  assert.ok(back.size < edges.length / 2);
});

test("no box lies upon another, whatever the graph", () => {
  for (const [count, edges] of [[40, 60], [200, 400], [30, 400]] as const) {
    const graph = randomGraph(count, edges);
    const places = Object.values(layOut(graph.names, graph.edges, SIZES).positions);
    assert.equal(places.length, count);
    const columns = Map.groupBy(places, ([x]) => x);
    for (const column of columns.values()) {
      const heights = column.map(([, y]) => y).sort((a, b) => a - b);
      for (let i = 1; i < heights.length; i++) assert.ok(heights[i]! - heights[i - 1]! > SIZES.height);
    }
  }
});

test("a graph without anything has a layout", () => {
  assert.deepEqual(layOut([], [], SIZES), { positions: {}, bends: [] });
});

test("what comes into view moves nothing, and lies upon nothing", () => {
  const before = new Map<string, readonly [number, number]>([["a", [0, 0]], ["b", [160, 0]], ["c", [160, 60]]]);
  const parents = new Map([["d", ["a", "downstream"]], ["e", ["a", "downstream"]], ["f", ["a", "upstream"]]] as const);
  const after = placeNew(before, [..."abcdef"], parents, SIZES);
  for (const [name, place] of before) assert.deepEqual(after.get(name), place);
  assert.deepEqual(after.get("d"), [160, -60]);
  assert.deepEqual(after.get("e"), [160, 120]);
  assert.deepEqual(after.get("f"), [-160, 0]);
});
