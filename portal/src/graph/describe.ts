/** What a graph shows and what it does not, in words. */
import type { LineageGraph } from "../api/types.ts";
import { formatCount } from "../format.ts";
import { MOST_LABELLED } from "./parts.tsx";
import { MOST_RUNS, type States } from "./states.ts";
import type { Drawing } from "./use.ts";

export function describeDrawing({ scene, view }: Drawing, graph: LineageGraph, states: States, isPast: boolean, isFiltered: boolean): string {
  const parts = [`${formatCount(view.nodes.length, "product")} and ${formatCount(view.edges.length, "edge")} are shown.`];
  const groups = scene.nodes.filter(({ members }) => members !== undefined);
  const within = groups.reduce((sum, { members }) => sum + members!, 0);
  if (groups.length > 0) parts.push(`${formatCount(within, "of them is", "of them are")} collapsed into ${formatCount(groups.length, "domain")}.`);
  const hidden = [...view.hidden.values()].reduce((sum, each) => sum + each, 0);
  if (hidden > 0) {
    const having = formatCount(view.hidden.size, "product has", "products have");
    parts.push(`${having} ${formatCount(hidden, "neighbour that is", "neighbours that are")} not; + opens ${hidden === 1 ? "it" : "them"}.`);
  }
  if (isFiltered) parts.push("The filters leave out what is of another type or of less confidence.");
  if (graph.cycles.length > 0) parts.push(`${formatCount(graph.cycles.length, "cycle")}: ${graph.cycles.map((each) => each.join(", ")).join("; ")}.`);
  for (const [name, count] of Object.entries(graph.hidden_neighbours)) {
    parts.push(`Lineage of ${name} goes on to ${formatCount(count, "product")} that you may not see.`);
  }
  if (graph.truncated) parts.push("The graph goes on beyond what one answer holds: choose fewer hops or a filter.");
  if (scene.edges.length > MOST_LABELLED) parts.push("Point at an edge for its type and confidence: there are too many to write them.");
  if (isPast) parts.push("Runs are those of now, and are not shown for a moment of the past.");
  else if (view.nodes.length > MOST_RUNS) parts.push(`Runs are shown of the ${MOST_RUNS} nearest products.`);
  if (states.hiddenChecks > 0) parts.push("There are more checks than one answer holds: a box without one may have one.");
  if (states.problem) parts.push(`No checks are shown, for they could not be asked: ${states.problem}`);
  return parts.join(" ");
}
