/** What of a graph is on the screen: some hops around one product, and what people have opened beyond. */
import type { GraphEdge, GraphNode, LineageGraph, Way } from "../api/types.ts";

/** All that answers have told so far. */
export interface Known {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: ReadonlyMap<string, GraphEdge>;
  /** The nodes whose distance, confidence and direction are told from another product than the focus. */
  readonly foreign: ReadonlySet<string>;
}
/** A product, or several of one domain and side that are shown as one. */
export interface ViewNode extends GraphNode {
  readonly members?: number;
}
/** An edge, or all between two groups. */
export interface ViewEdge extends GraphEdge {
  readonly count?: number;
}
export interface View {
  /** In the order in which they came into view. */
  readonly nodes: readonly ViewNode[];
  readonly edges: readonly ViewEdge[];
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
  const foreign = new Set<string>();
  for (const graph of graphs) {
    for (const node of graph.nodes) {
      if (nodes.has(node.name)) continue;
      nodes.set(node.name, node);
      if (graph !== graphs[0]) foreign.add(node.name);
    }
    for (const edge of graph.edges) edges.set(edge.id, edge);
  }
  return { nodes, edges, foreign };
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
  const shown = new Map<string, Shown>();
  const parents = new Map<string, readonly [string, Way]>();
  if (known.nodes.has(focus)) shown.set(focus, { distance: 0, side: null, confidence: 1 });
  for (const [name, { distance, side, confidence }] of shown) {
    const more = times.get(name) ?? 0;
    const allowed = STEP * (more + (distance < depth ? 1 : 0));
    for (const way of ["upstream", "downstream"] as const) {
      if (more === 0 && side !== null && side !== way) continue;
      for (const [next, edge] of near[way](name).slice(0, allowed)) {
        if (shown.has(next)) continue;
        const told = known.foreign.has(next) ? confidence * edge.confidence : known.nodes.get(next)!.path_confidence;
        shown.set(next, { distance: distance + 1, side: side ?? way, confidence: told });
        parents.set(next, [name, way]);
      }
    }
  }
  return {
    nodes: [...shown].map(([name, place]) => describeNode(known, name, place)),
    edges: [...known.edges.values()].filter(({ source, target }) => shown.has(source) && shown.has(target)),
    hidden: countHidden(near, shown),
    parents,
  };
}

interface Shown {
  distance: number;
  side: Way | null;
  confidence: number;
}

/** Return a node as it is seen from the focus. */
function describeNode(known: Known, name: string, { distance, side, confidence }: Shown): ViewNode {
  const node = known.nodes.get(name)!;
  return known.foreign.has(name) ? { ...node, distance, direction: side, path_confidence: confidence } : node;
}

/** A neighbour with its most confident edge. */
type Near = readonly [string, GraphEdge];
type Neighbours = Record<Way, (name: string) => readonly Near[]>;

/** Neighbours of each node, the most confident first. */
function findNeighbours(known: Known): Neighbours {
  const found = { upstream: new Map<string, GraphEdge[]>(), downstream: new Map<string, GraphEdge[]>() };
  const add = (map: Map<string, GraphEdge[]>, name: string, edge: GraphEdge) => {
    const before = map.get(name);
    if (before) before.push(edge);
    else map.set(name, [edge]);
  };
  for (const edge of known.edges.values()) {
    if (edge.source === edge.target) continue;
    if (!known.nodes.has(edge.source) || !known.nodes.has(edge.target)) continue;
    add(found.upstream, edge.target, edge);
    add(found.downstream, edge.source, edge);
  }
  const list = (way: Way, end: "source" | "target") => {
    const made = new Map<string, readonly Near[]>();
    return (name: string) => {
      if (!made.has(name)) made.set(name, orderNeighbours(found[way].get(name) ?? [], end));
      return made.get(name)!;
    };
  };
  return { upstream: list("upstream", "source"), downstream: list("downstream", "target") };
}

function orderNeighbours(edges: readonly GraphEdge[], end: "source" | "target"): readonly Near[] {
  const ordered = edges.toSorted((a, b) => b.confidence - a.confidence || (a[end] < b[end] ? -1 : 1));
  const best = new Map<string, GraphEdge>();
  for (const edge of ordered) if (!best.has(edge[end])) best.set(edge[end], edge);
  return [...best];
}

function countHidden(near: Neighbours, shown: ReadonlyMap<string, unknown>): Map<string, number> {
  const hidden = new Map<string, number>();
  for (const name of shown.keys()) {
    const all = new Set([...near.upstream(name), ...near.downstream(name)].map(([each]) => each));
    const count = [...all].filter((each) => !shown.has(each)).length;
    if (count > 0) hidden.set(name, count);
  }
  return hidden;
}
