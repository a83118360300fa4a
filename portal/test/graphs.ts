/** Graphs as the API answers them. */
import type { LineageGraph, Way } from "../src/api/types.ts";

export function graphOf(product: string, pairs: readonly (readonly [string, string, number?])[]): LineageGraph {
  const names = new Set([product, ...pairs.flatMap(([source, target]) => [source, target])]);
  const nodes = [...names].map((name) => ({
    name,
    domain: "sales",
    owner: "team",
    status: "active" as const,
    distance: name === product ? 0 : 1,
    path_confidence: 1,
    direction: (name === product ? null : "upstream") as Way | null,
  }));
  const edges = pairs.map(([source, target, confidence = 1]) => ({
    id: `${source}>${target}`,
    source,
    target,
    lineage_type: "direct",
    confidence,
  }));
  return { product, nodes, edges, cycles: [], hidden_neighbours: {}, truncated: false };
}
