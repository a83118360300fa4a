/** A view with the place of each of its parts: what is drawn on the screen and into files. */
import { type ColumnEdge, nameEdge, NOTHING_UNFOLDED, ROW_HEIGHT, type Unfolded } from "./columns.ts";
import type { Point, Sizes } from "./layout.ts";
import type { View, ViewEdge, ViewNode } from "./model.ts";
import type { Positions } from "./place.ts";

const LONGEST_LABEL = 40;
const LETTER_WIDTH = 7.4;
const LABEL_WIDTH = 124;

export interface SceneNode extends ViewNode {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly hidden: number;
  readonly isFocus: boolean;
  /** The columns that are unfolded below it. */
  readonly rows: readonly string[];
  readonly hiddenRows: number;
}
export interface SceneEdge extends ViewEdge {
  readonly path: string;
  readonly middle: Point;
  readonly text: string;
  readonly isBack: boolean;
}
export interface SceneColumnEdge {
  readonly id: string;
  readonly path: string;
  readonly text: string;
}
export interface Scene {
  readonly nodes: readonly SceneNode[];
  readonly edges: readonly SceneEdge[];
  readonly columnEdges: readonly SceneColumnEdge[];
  readonly box: { x: number; y: number; width: number; height: number };
  readonly sizes: Sizes;
}

/** A box is as wide as the longest name, within limits; a longer name loses its middle. */
export function chooseSizes(names: readonly string[]): Sizes {
  const longest = Math.min(LONGEST_LABEL, Math.max(12, ...names.map((name) => name.length)));
  return { width: Math.round(longest * LETTER_WIDTH + 26), height: 56, gapX: 165, gapY: 18 };
}

export function shorten(name: string, most = LONGEST_LABEL): string {
  if (name.length <= most) return name;
  const end = Math.floor((most - 1) / 2);
  return `${name.slice(0, most - 1 - end)}…${name.slice(-end)}`;
}

/** How much a box grows by the columns that are unfolded below it. */
export function measureRows({ rows, hiddenRows }: Pick<SceneNode, "rows" | "hiddenRows">): number {
  return (rows.length + (hiddenRows > 0 ? 1 : 0)) * ROW_HEIGHT + (rows.length > 0 ? 6 : 0);
}

export function buildScene(
  view: View,
  focus: string,
  positions: Positions,
  bends: ReadonlyMap<string, readonly Point[]>,
  sizes: Sizes,
  unfolded: Unfolded = NOTHING_UNFOLDED,
): Scene {
  const before = view.nodes.flatMap((node): SceneNode[] => {
    const place = positions.get(node.name);
    if (!place) return [];
    const parts = {
      label: node.members === undefined ? shorten(node.name) : `${node.members} products`,
      hidden: view.hidden.get(node.name) ?? 0,
      isFocus: node.name === focus,
      rows: unfolded.columns.get(node.name) ?? [],
      hiddenRows: unfolded.hidden.get(node.name) ?? 0,
    };
    return [{ ...node, ...parts, x: place[0], y: place[1] }];
  });
  const shift = makeRoom(before, sizes);
  const nodes = before.map((node) => ({ ...node, y: shift([node.x, node.y])[1] }));
  const places = new Map(nodes.map((node) => [node.name, node]));
  const [leaving, arriving] = [countEdges(view.edges, "source"), countEdges(view.edges, "target")];
  const edges = view.edges.flatMap((edge): SceneEdge[] => {
    const [from, to] = [places.get(edge.source), places.get(edge.target)];
    // At the end where fewer edges meet: at the other, labels would cover each other.
    const isAtStart = leaving.get(edge.source)! < arriving.get(edge.target)!;
    return from && to ? [drawEdge(edge, [from.x, from.y], [to.x, to.y], (bends.get(edge.id) ?? []).map(shift), sizes, isAtStart)] : [];
  });
  const columnEdges = unfolded.edges.flatMap((edge) => drawColumnEdge(edge, places, sizes));
  return { nodes, edges, columnEdges, box: findBox(nodes, sizes), sizes };
}

/** Columns push down what is below their product, and nothing else. */
function makeRoom(nodes: readonly SceneNode[], sizes: Sizes): (point: Point) => Point {
  const grown = nodes.filter(({ rows }) => rows.length > 0);
  return ([x, y]) => {
    let moved = y;
    for (const node of grown) if (node.y < y && Math.abs(x - node.x) < sizes.width) moved += measureRows(node);
    return [x, moved];
  };
}

function countEdges(edges: readonly ViewEdge[], end: "source" | "target"): Map<string, number> {
  const counts = new Map<string, number>();
  for (const edge of edges) counts.set(edge[end], (counts.get(edge[end]) ?? 0) + 1);
  return counts;
}

function drawEdge(edge: ViewEdge, from: Point, to: Point, bends: readonly Point[], sizes: Sizes, isAtStart: boolean): SceneEdge {
  const isBack = to[0] <= from[0];
  const start: Point = [from[0] + sizes.width, from[1]];
  const end: Point = [to[0] - 7, to[1]];
  const points = isBack ? leadBack(start, end, sizes) : [start, ...spread(bends, sizes), end];
  const text = edge.count === undefined ? `${edge.lineage_type} ${Math.round(edge.confidence * 100)} %` : `edges: ${edge.count}`;
  const [far, near] = isAtStart ? [points[1]!, points[0]!] : [points.at(-2)!, points.at(-1)!];
  const middle: Point = [near[0] + (isAtStart ? LABEL_WIDTH : -LABEL_WIDTH) / 2, far[1] + (near[1] - far[1]) * 0.72 - 5];
  return { ...edge, path: joinPoints(points), middle, text, isBack };
}

/** An edge of columns ends at its row, or at the box of a product that is folded. */
function drawColumnEdge(edge: ColumnEdge, places: ReadonlyMap<string, SceneNode>, sizes: Sizes): SceneColumnEdge[] {
  const [from, to] = [places.get(edge.source_product), places.get(edge.target_product)];
  if (!from || !to) return [];
  const start: Point = [from.x + sizes.width, findRow(from, edge.source_column, sizes)];
  const end: Point = [to.x, findRow(to, edge.target_column, sizes)];
  const path = joinPoints(end[0] <= start[0] ? leadBack(start, end, sizes) : [start, end]);
  const text = `${edge.source_product}.${edge.source_column} to ${edge.target_product}.${edge.target_column}: ${edge.lineage_type}`;
  return [{ id: nameEdge(edge), path, text }];
}

function findRow(node: SceneNode, column: string, sizes: Sizes): number {
  const row = node.rows.indexOf(column);
  if (row >= 0) return node.y + sizes.height / 2 + (row + 0.5) * ROW_HEIGHT;
  return node.rows.length > 0 ? node.y + sizes.height / 2 + (node.rows.length + 0.5) * ROW_HEIGHT : node.y + 12;
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
  const ends = nodes.map((node) => node.y + measureRows(node));
  const [left, top] = [Math.min(...xs) - 30, Math.min(...ys) - sizes.height];
  return {
    x: left,
    y: top,
    width: Math.max(...xs) + sizes.width + 60 - left,
    height: Math.max(...ends) + sizes.height * 1.6 - top,
  };
}
