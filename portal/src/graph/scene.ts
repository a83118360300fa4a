/** A view with the place of each of its parts: what is drawn on the screen and into files. */
import type { GraphEdge, GraphNode } from "../api/types.ts";
import type { Point, Sizes } from "./layout.ts";
import type { View } from "./model.ts";
import type { Positions } from "./place.ts";

const LONGEST_LABEL = 40;
const LETTER_WIDTH = 7.4;
const LABEL_WIDTH = 124;

export interface SceneNode extends GraphNode {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly hidden: number;
  readonly isFocus: boolean;
}
export interface SceneEdge extends GraphEdge {
  readonly path: string;
  readonly middle: Point;
  readonly text: string;
  readonly isBack: boolean;
}
export interface Scene {
  readonly nodes: readonly SceneNode[];
  readonly edges: readonly SceneEdge[];
  readonly box: { x: number; y: number; width: number; height: number };
  readonly sizes: Sizes;
}

/** A box is as wide as the longest name, within limits; a longer name loses its middle. */
export function chooseSizes(names: readonly string[]): Sizes {
  const longest = Math.min(LONGEST_LABEL, Math.max(12, ...names.map((name) => name.length)));
  return { width: Math.round(longest * LETTER_WIDTH + 26), height: 42, gapX: 165, gapY: 22 };
}

export function shorten(name: string, most = LONGEST_LABEL): string {
  if (name.length <= most) return name;
  const end = Math.floor((most - 1) / 2);
  return `${name.slice(0, most - 1 - end)}…${name.slice(-end)}`;
}

export function buildScene(
  view: View,
  focus: string,
  positions: Positions,
  bends: ReadonlyMap<string, readonly Point[]>,
  sizes: Sizes,
): Scene {
  const nodes = view.nodes.flatMap((node): SceneNode[] => {
    const place = positions.get(node.name);
    if (!place) return [];
    const hidden = view.hidden.get(node.name) ?? 0;
    return [{ ...node, x: place[0], y: place[1], label: shorten(node.name), hidden, isFocus: node.name === focus }];
  });
  const edges = view.edges.flatMap((edge): SceneEdge[] => {
    const [from, to] = [positions.get(edge.source), positions.get(edge.target)];
    return from && to ? [drawEdge(edge, from, to, bends.get(edge.id) ?? [], sizes)] : [];
  });
  return { nodes, edges, box: findBox(nodes, sizes), sizes };
}

function drawEdge(edge: GraphEdge, from: Point, to: Point, bends: readonly Point[], sizes: Sizes): SceneEdge {
  const isBack = to[0] <= from[0];
  const start: Point = [from[0] + sizes.width, from[1]];
  const end: Point = [to[0] - 7, to[1]];
  const points = isBack ? leadBack(start, end, sizes) : [start, ...spread(bends, sizes), end];
  const text = `${edge.lineage_type} ${Math.round(edge.confidence * 100)} %`;
  // Before where it arrives: there, edges of one source have parted already.
  const [before, last] = [points.at(-2)!, points.at(-1)!];
  const middle: Point = [last[0] - LABEL_WIDTH / 2, before[1] + (last[1] - before[1]) * 0.72 - 5];
  return { ...edge, path: joinPoints(points), middle, text, isBack };
}

/** Lead an edge straight through the width of the boxes that it passes. */
function spread(bends: readonly Point[], sizes: Sizes): Point[] {
  return bends.flatMap(([x, y]): Point[] => [
    [x - sizes.width / 2, y],
    [x + sizes.width / 2, y],
  ]);
}

/** Lead an edge of a cycle around below. */
function leadBack(start: Point, end: Point, sizes: Sizes): Point[] {
  const below = Math.max(start[1], end[1]) + sizes.height;
  return [start, [start[0] + 24, below], [end[0] - 24, below], end];
}

function joinPoints(points: readonly Point[]): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  let path = `M${round(points[0]![0])} ${round(points[0]![1])}`;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    const half = round((x0 + x1) / 2);
    path += y0 === y1 ? `L${round(x1)} ${round(y1)}` : `C${half} ${round(y0)} ${half} ${round(y1)} ${round(x1)} ${round(y1)}`;
  }
  return path;
}

function findBox(nodes: readonly SceneNode[], sizes: Sizes): Scene["box"] {
  if (nodes.length === 0) return { x: 0, y: 0, width: 1, height: 1 };
  const [xs, ys] = [nodes.map(({ x }) => x), nodes.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs) - 30, Math.min(...ys) - sizes.height];
  return {
    x: left,
    y: top,
    width: Math.max(...xs) + sizes.width + 60 - left,
    height: Math.max(...ys) + sizes.height * 1.6 - top,
  };
}
