/** A view in which the products of one domain and side are one box, so that a large graph can be read. */
import type { Way } from "../api/types.ts";
import type { View, ViewEdge, ViewNode } from "./model.ts";

/** Return the name of a node's group. No product is called so: names have no colon. */
export function nameGroup(node: ViewNode): string {
  return `${node.direction ?? "near"}:${node.domain.toLowerCase()}`;
}

/** Collapse the view by domain, but for the focus and the groups that were opened. */
export function groupView(view: View, focus: string, opened: readonly string[]): View {
  const members = new Map<string, ViewNode[]>();
  for (const node of view.nodes) {
    if (node.name === focus) continue;
    const group = nameGroup(node);
    members.set(group, [...(members.get(group) ?? []), node]);
  }
  const closed = new Map([...members].filter(([group, nodes]) => nodes.length > 1 && !opened.includes(group)));
  const groupOf = new Map([...closed].flatMap(([group, nodes]) => nodes.map(({ name }) => [name, group] as const)));
  const shownAs = (name: string) => groupOf.get(name) ?? name;
  const nodes = new Map<string, ViewNode>();
  for (const node of view.nodes) {
    const group = groupOf.get(node.name);
    if (!group) nodes.set(node.name, node);
    else if (!nodes.has(group)) nodes.set(group, buildGroup(group, closed.get(group)!));
  }
  const parents = new Map<string, readonly [string, Way]>();
  for (const [name, [parent, way]] of view.parents) {
    const [child, from] = [shownAs(name), shownAs(parent)];
    if (child !== from && !parents.has(child)) parents.set(child, [from, way]);
  }
  const hidden = new Map([...view.hidden].filter(([name]) => nodes.has(name)));
  return { nodes: [...nodes.values()], edges: mergeEdges(view.edges, shownAs), hidden, parents };
}

function buildGroup(name: string, members: readonly ViewNode[]): ViewNode {
  return {
    ...members[0]!,
    name,
    owner: "",
    status: "active",
    distance: Math.min(...members.map(({ distance }) => distance)),
    path_confidence: Math.max(...members.map((each) => each.path_confidence)),
    members: members.length,
  };
}

/** Edges between the same two become one, which says how many they are; those within a group are not drawn. */
function mergeEdges(edges: readonly ViewEdge[], shownAs: (name: string) => string): ViewEdge[] {
  const merged = new Map<string, ViewEdge>();
  for (const edge of edges) {
    const [source, target] = [shownAs(edge.source), shownAs(edge.target)];
    if (source === edge.source && target === edge.target) {
      merged.set(edge.id, edge);
      continue;
    }
    if (source === target) continue;
    const id = `${source} ${target}`;
    const before = merged.get(id);
    merged.set(id, {
      id,
      source,
      target,
      lineage_type: !before || before.lineage_type === edge.lineage_type ? edge.lineage_type : "several",
      confidence: Math.max(edge.confidence, before?.confidence ?? 0),
      count: (before?.count ?? 0) + 1,
    });
  }
  return [...merged.values()];
}
