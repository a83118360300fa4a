/** The graph as a list: the same products, with what joins them, for keyboards and screen readers. */
import { useMemo } from "preact/hooks";
import { formatConfidence, formatCount } from "../format.ts";
import { isSought } from "../graph/find.ts";
import type { View, ViewEdge, ViewNode } from "../graph/model.ts";
import { describeState, type States } from "../graph/states.ts";
import { first, go, linkHere, linkTo } from "../location.ts";
import { ProductLink, StatusBadge } from "./product.tsx";

const MOST_LISTED = 100;

interface ListProps {
  view: View;
  sought: string;
  states: States;
  open: (name: string) => void;
}

export function GraphList({ view, sought, states, open }: ListProps) {
  const products = view.nodes.slice(1);
  const found = products.filter((node) => isSought(node, sought));
  const isWhole = first("list") === "all";
  const feeding = useMemo(() => new Map(view.edges.map((edge) => [nameEnds(edge.source, edge.target), edge])), [view]);
  const groups = [
    ["Upstream", "upstream"],
    ["Downstream", "downstream"],
  ] as const;
  return (
    <section class="graph-list" aria-label="The graph as a list" tabIndex={0}>
      <label>
        Find in the graph{" "}
        <input type="search" value={first("find")} onInput={(event) => go(linkHere({ find: event.currentTarget.value }), true)} />
      </label>
      {sought && <p role="status">{formatCount(found.length, "product")} of {products.length}</p>}
      {groups.map(([title, way]) => {
        const nodes = (sought ? found : products).filter(({ direction }) => direction === way);
        if (nodes.length === 0) return null;
        return (
          <div key={way}>
            <h2>{title}</h2>
            <ul>
              {(isWhole ? nodes : nodes.slice(0, MOST_LISTED)).map((node) => (
                <Entry key={node.name} node={node} view={view} edge={describeEdge(node, view, feeding)} states={states} open={open} />
              ))}
            </ul>
            {!isWhole && nodes.length > MOST_LISTED && (
              <p>
                and {nodes.length - MOST_LISTED} more. <a href={linkHere({ list: "all" })}>List all</a>
              </p>
            )}
          </div>
        );
      })}
    </section>
  );
}

interface EntryProps {
  node: ViewNode;
  view: View;
  edge: string;
  states: States;
  open: (name: string) => void;
}

function Entry({ node, view, edge, states, open }: EntryProps) {
  const hidden = view.hidden.get(node.name) ?? 0;
  const state = describeState(states, node.name, new Date());
  return (
    <li>
      <ProductLink name={node.name} />{" "}
      <span class="note">
        {node.domain}, {formatCount(node.distance, "hop")}, confidence {formatConfidence(node.path_confidence)}
        {edge}
        {state && `; ${state}`}
      </span>{" "}
      {node.status !== "active" && <StatusBadge status={node.status} />}{" "}
      <a href={linkTo(["p", node.name, "lineage"])} aria-label={`Graph of ${node.name}`}>
        graph
      </a>{" "}
      {hidden > 0 && (
        <button type="button" class="small" aria-label={`Open ${hidden} neighbours of ${node.name}`} onClick={() => open(node.name)}>
          +{hidden}
        </button>
      )}
    </li>
  );
}

const nameEnds = (source: string, target: string) => JSON.stringify([source, target]);

/** Say how a product is joined to the one that brought it into view. */
function describeEdge({ name }: ViewNode, { parents }: View, feeding: ReadonlyMap<string, ViewEdge>): string {
  const [parent, way] = parents.get(name) ?? [];
  if (!parent) return "";
  const edge = feeding.get(way === "upstream" ? nameEnds(name, parent) : nameEnds(parent, name));
  return edge ? `; ${way === "upstream" ? "feeds" : "is made of"} ${parent} (${edge.lineage_type} ${formatConfidence(edge.confidence)})` : "";
}
