/** What of a graph is on the screen: some hops around one product, and what people have opened beyond. */
import type { GraphEdge, GraphNode, LineageGraph, Way } from "../api/types.ts";

/** All that answers have told so far. */
export interface Known {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: ReadonlyMap<string, GraphEdge>;
}
export interface View {
  /** In the order in which they came into view. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Node -> its neighbours that are not shown. */
  readonly hidden: ReadonlyMap<string, number>;
  /** Node -> the shown node that brought it into view, and on which side. */
  readonly parents: ReadonlyMap<string, readonly [string, Way]>;
}

/** How many neighbours of a product are shown on each side before somebody asks for more. */
export const STEP = 25;

export function mergeGraphs(graphs: readonly LineageGraph[]): Known {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  for (const graph of graphs) {
    for (const node of graph.nodes) if (!nodes.has(node.name)) nodes.set(node.name, node);
    for (const edge of graph.edges) edges.set(edge.id, edge);
  }
  return { nodes, edges };
}

/**
 * Choose what is shown.
 *
 * `opened` has a name as often as more of its neighbours were asked for.
 */
export function chooseView(known: Known, focus: string, depth: number, opened: readonly string[]): View {
  const near = findNeighbours(known);
  const times = new Map<string, number>();
  for (const name of opened) times.set(name, (times.get(name) ?? 0) + 1);
  const shown = new Map<string, { distance: number; side: Way | null }>();
  const parents = new Map<string, readonly [string, Way]>();
  if (known.nodes.has(focus)) shown.set(focus, { distance: 0, side: null });
  for (const [name, { distance, side }] of shown) {
    const more = times.get(name) ?? 0;
    const allowed = STEP * (more + (distance < depth ? 1 : 0));
    for (const way of ["upstream", "downstream"] as const) {
      if (more === 0 && side !== null && side !== way) continue;
      for (const next of near[way](name).slice(0, allowed)) {
        if (shown.has(next)) continue;
        shown.set(next, { distance: distance + 1, side: side ?? way });
        parents.set(next, [name, way]);
      }
    }
  }
  return {
    nodes: [...shown.keys()].map((name) => known.nodes.get(name)!),
    edges: [...known.edges.values()].filter(({ source, target }) => shown.has(source) && shown.has(target)),
    hidden: countHidden(near, shown),
    parents,
  };
}

type Neighbours = Record<Way, (name: string) => string[]>;

/** Neighbours of each node, the most confident first. */
function findNeighbours(known: Known): Neighbours {
  const found = { upstream: new Map<string, GraphEdge[]>(), downstream: new Map<string, GraphEdge[]>() };
  const add = (map: Map<string, GraphEdge[]>, name: string, edge: GraphEdge) => map.set(name, [...(map.get(name) ?? []), edge]);
  for (const edge of known.edges.values()) {
    if (edge.source === edge.target) continue;
    if (!known.nodes.has(edge.source) || !known.nodes.has(edge.target)) continue;
    add(found.upstream, edge.target, edge);
    add(found.downstream, edge.source, edge);
  }
  const list = (way: Way, end: "source" | "target") => (name: string) => {
    const edges = (found[way].get(name) ?? []).toSorted((a, b) => b.confidence - a.confidence || a[end].localeCompare(b[end]));
    return [...new Set(edges.map((edge) => edge[end]))];
  };
  return { upstream: list("upstream", "source"), downstream: list("downstream", "target") };
}

function countHidden(near: Neighbours, shown: ReadonlyMap<string, unknown>): Map<string, number> {
  const hidden = new Map<string, number>();
  for (const name of shown.keys()) {
    const all = new Set([...near.upstream(name), ...near.downstream(name)]);
    const count = [...all].filter((each) => !shown.has(each)).length;
    if (count > 0) hidden.set(name, count);
  }
  return hidden;
}
