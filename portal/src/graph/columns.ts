/** The columns of products that were unfolded, and the edges between them. */
import type { ColumnGraph } from "../api/types.ts";

export type ColumnEdge = ColumnGraph["edges"][number];
export interface Unfolded {
  /** Product -> its columns that are shown; those that lineage names come first if they are many. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Product -> how many of its columns are not shown. */
  readonly hidden: ReadonlyMap<string, number>;
  readonly edges: readonly ColumnEdge[];
}

export const ROW_HEIGHT = 20;
export const MOST_ROWS = 30;
export const NOTHING_UNFOLDED: Unfolded = { columns: new Map(), hidden: new Map(), edges: [] };

export function unfold(graphs: readonly ColumnGraph[]): Unfolded {
  const columns = new Map<string, readonly string[]>();
  const hidden = new Map<string, number>();
  const edges = new Map<string, ColumnEdge>();
  for (const graph of graphs) {
    for (const edge of graph.edges) edges.set(nameEdge(edge), edge);
    const own = graph.nodes.filter(({ product, distance }) => product === graph.product && distance === 0).map(({ column }) => column);
    const shown = own.length > MOST_ROWS ? chooseRows(own, graph) : own;
    columns.set(graph.product, shown);
    if (own.length > shown.length) hidden.set(graph.product, own.length - shown.length);
  }
  return { columns, hidden, edges: [...edges.values()] };
}

export function nameEdge(edge: ColumnEdge): string {
  return JSON.stringify([edge.id, edge.source_column, edge.target_column]);
}

function chooseRows(own: readonly string[], { product, edges }: ColumnGraph): string[] {
  const joined = new Set([
    ...edges.filter((each) => each.source_product === product).map((each) => each.source_column),
    ...edges.filter((each) => each.target_product === product).map((each) => each.target_column),
  ]);
  const first = [...own.filter((each) => joined.has(each)), ...own.filter((each) => !joined.has(each))].slice(0, MOST_ROWS);
  return own.filter((each) => first.includes(each));
}
