/**
 * A layered layout: sources to the left, what is made of them to the right.
 *
 * Edges that close a cycle are turned for the layout alone. Each node is put as far right as its longest way from a
 * source; edges across several layers are led through them; the order within layers is swept by barycentres and
 * medians, keeping the best; then nodes move towards their neighbours as far as others let them.
 */
import { findBackEdges } from "./cycles.ts";

export interface LayoutEdge {
  readonly source: string;
  readonly target: string;
}
export interface Sizes {
  readonly width: number;
  readonly height: number;
  readonly gapX: number;
  readonly gapY: number;
}
export type Point = readonly [number, number];
export interface Layout {
  /** Node -> the middle of its left side. */
  readonly positions: Readonly<Record<string, Point>>;
  /** Edge, as it was given -> the points that it is led through between its ends. */
  readonly bends: readonly (readonly Point[])[];
}

const SWEEPS = 16;
const MOST_WITHOUT_GAIN = 6;
const MOST_TRANSPOSED = 4000;
const BEND_HEIGHT = 14;
const RELAXATIONS = 4;

/** Nodes are numbers here; those from `count` on are bends of long edges. */
interface Layers {
  readonly count: number;
  readonly layerOf: number[];
  readonly layers: number[][];
  readonly up: number[][];
  readonly down: number[][];
  readonly chains: number[][];
}

export function layOut(names: readonly string[], edges: readonly LayoutEdge[], sizes: Sizes): Layout {
  const index = new Map(names.map((name, i) => [name, i]));
  const known = edges.map(({ source, target }) => [index.get(source), index.get(target)] as const);
  const ends = known.map(([s, t]) => (s === undefined || t === undefined || s === t ? null : ([s, t] as const)));
  const back = findBackEdges(names.length, ends);
  const turned = ends.map((end, i) => (end && back.has(i) ? ([end[1], end[0]] as const) : end));
  const layers = buildLayers(names.length, turned);
  orderLayers(layers);
  const y = findHeights(layers, sizes);
  const x = (node: number) => layers.layerOf[node]! * (sizes.width + sizes.gapX);
  const bends = layers.chains.map((chain, i) => {
    const points = chain.slice(1, -1).map((bend): Point => [x(bend) + sizes.width / 2, y[bend]!]);
    return back.has(i) ? points.reverse() : points;
  });
  return { positions: Object.fromEntries(names.map((name, i) => [name, [x(i), y[i]!] as const])), bends };
}

type Ends = readonly (readonly [number, number] | null)[];

function buildLayers(count: number, ends: Ends): Layers {
  const layerOf = findLayers(count, ends);
  const layers: number[][] = Array.from({ length: Math.max(0, ...layerOf) + 1 }, () => []);
  for (let node = 0; node < count; node++) layers[layerOf[node]!]!.push(node);
  const up: number[][] = Array.from({ length: count }, () => []);
  const down: number[][] = Array.from({ length: count }, () => []);
  const join = (from: number, to: number) => {
    down[from]!.push(to);
    up[to]!.push(from);
  };
  const chains = ends.map((end) => {
    if (!end) return [];
    const chain = [end[0]];
    for (let layer = layerOf[end[0]]! + 1; layer < layerOf[end[1]]!; layer++) {
      const bend = layerOf.push(layer) - 1;
      up.push([]);
      down.push([]);
      layers[layer]!.push(bend);
      join(chain.at(-1)!, bend);
      chain.push(bend);
    }
    join(chain.at(-1)!, end[1]);
    return [...chain, end[1]];
  });
  return { count, layerOf, layers, up, down, chains };
}

function findLayers(count: number, ends: Ends): number[] {
  const layerOf = new Array<number>(count).fill(0);
  const missing = new Array<number>(count).fill(0);
  const next: number[][] = Array.from({ length: count }, () => []);
  for (const end of ends) {
    if (!end) continue;
    next[end[0]]!.push(end[1]);
    missing[end[1]]! += 1;
  }
  const queue = missing.flatMap((each, node) => (each === 0 ? [node] : []));
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!;
    for (const target of next[node]!) {
      layerOf[target] = Math.max(layerOf[target]!, layerOf[node]! + 1);
      if (--missing[target]! === 0) queue.push(target);
    }
  }
  return layerOf;
}

function orderLayers({ layers, up, down }: Layers): void {
  const total = up.length;
  const position = new Array<number>(total).fill(0);
  const number = (layer: number[]) => layer.forEach((node, i) => (position[node] = i));
  layers.forEach(number);
  let best = countCrossings(layers, down, position);
  let kept = layers.map((layer) => [...layer]);
  let idle = 0;
  for (let sweep = 0; sweep < SWEEPS && best > 0 && idle < MOST_WITHOUT_GAIN; sweep++) {
    const isDown = sweep % 2 === 0;
    const order = isDown ? layers : [...layers].reverse();
    for (const layer of order.slice(1)) {
      const wanted = new Map(layer.map((node) => [node, average(node, isDown ? up : down, position, sweep % 4 < 2)]));
      layer.sort((a, b) => wanted.get(a)! - wanted.get(b)! || position[a]! - position[b]!);
      number(layer);
    }
    if (total < MOST_TRANSPOSED) transpose(layers, up, down, position);
    const crossings = countCrossings(layers, down, position);
    idle = crossings < best ? 0 : idle + 1;
    if (crossings < best) [best, kept] = [crossings, layers.map((layer) => [...layer])];
  }
  kept.forEach((layer, i) => (layers[i] = layer));
}

function average(node: number, near: number[][], position: number[], isMean: boolean): number {
  const found = near[node]!.map((each) => position[each]!).sort((a, b) => a - b);
  if (found.length === 0) return position[node]!;
  if (isMean) return found.reduce((a, b) => a + b, 0) / found.length;
  const half = found.length >> 1;
  return found.length % 2 ? found[half]! : (found[half - 1]! + found[half]!) / 2;
}

function transpose(layers: number[][], up: number[][], down: number[][], position: number[]): void {
  for (let round = 0, isBetter = true; isBetter && round < 4; round++) {
    isBetter = false;
    for (const layer of layers) {
      for (let i = 0; i + 1 < layer.length; i++) {
        const [a, b] = [layer[i]!, layer[i + 1]!];
        const now = countPairs(up[a]!, up[b]!, position) + countPairs(down[a]!, down[b]!, position);
        const then = countPairs(up[b]!, up[a]!, position) + countPairs(down[b]!, down[a]!, position);
        if (now <= then) continue;
        [layer[i], layer[i + 1], position[a], position[b]] = [b, a, i + 1, i];
        isBetter = true;
      }
    }
  }
}

function countPairs(first: number[], second: number[], position: number[]): number {
  let count = 0;
  for (const a of first) for (const b of second) if (position[a]! > position[b]!) count++;
  return count;
}

/** Count crossings between neighbouring layers, by a Fenwick tree over the positions of the right one. */
export function countCrossings(layers: number[][], down: number[][], position: number[]): number {
  let crossings = 0;
  for (let l = 0; l + 1 < layers.length; l++) {
    const size = layers[l + 1]!.length;
    const tree = new Int32Array(size + 1);
    let seen = 0;
    for (const node of layers[l]!) {
      const targets = down[node]!.map((each) => position[each]!);
      for (const target of targets) {
        let before = 0;
        for (let i = target + 1; i > 0; i -= i & -i) before += tree[i]!;
        crossings += seen - before;
      }
      for (const target of targets) {
        for (let i = target + 1; i <= size; i += i & -i) tree[i]! += 1;
        seen += 1;
      }
    }
  }
  return crossings;
}

function findHeights({ count, layers, up, down }: Layers, sizes: Sizes): number[] {
  const height = (node: number) => (node < count ? sizes.height + sizes.gapY : BEND_HEIGHT);
  const y = new Array<number>(up.length).fill(0);
  const tall = layers.map((layer) => layer.reduce((sum, node) => sum + height(node), 0));
  const tallest = Math.max(0, ...tall);
  layers.forEach((layer, l) => {
    let at = (tallest - tall[l]!) / 2;
    for (const node of layer) {
      y[node] = at + height(node) / 2;
      at += height(node);
    }
  });
  for (let pass = 0; pass < RELAXATIONS; pass++) {
    const isDown = pass % 2 === 0;
    for (const layer of isDown ? layers : [...layers].reverse()) relax(layer, isDown ? up : down, y, height);
  }
  return y;
}

/** Move the nodes of a layer towards their neighbours, keeping order and gaps (pool adjacent violators). */
function relax(layer: number[], near: number[][], y: number[], height: (node: number) => number): void {
  const blocks: { sum: number; count: number; nodes: number[] }[] = [];
  let offset = 0;
  for (const node of layer) {
    const found = near[node]!;
    const wanted = found.length ? found.reduce((sum, each) => sum + y[each]!, 0) / found.length : y[node]!;
    blocks.push({ sum: wanted - offset - height(node) / 2, count: 1, nodes: [node] });
    offset += height(node);
    while (blocks.length > 1 && isBefore(blocks.at(-1)!, blocks.at(-2)!)) {
      const last = blocks.pop()!;
      const before = blocks.at(-1)!;
      before.sum += last.sum;
      before.count += last.count;
      before.nodes.push(...last.nodes);
    }
  }
  offset = 0;
  for (const { sum, count, nodes } of blocks) {
    for (const node of nodes) {
      y[node] = sum / count + offset + height(node) / 2;
      offset += height(node);
    }
  }
}

function isBefore(a: { sum: number; count: number }, b: { sum: number; count: number }): boolean {
  return a.sum / a.count < b.sum / b.count;
}
