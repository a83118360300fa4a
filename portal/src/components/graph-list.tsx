/** The graph as a list: the same products, with what joins them, for keyboards and screen readers. */
import { formatConfidence, formatCount } from "../format.ts";
import { isSought } from "../graph/find.ts";
import type { View, ViewNode } from "../graph/model.ts";
import { describeState, type States } from "../graph/states.ts";
import { first, go, linkHere, linkTo } from "../location.ts";
import { ProductLink, StatusBadge } from "./product.tsx";

interface ListProps {
  view: View;
  sought: string;
  states: States;
  open: (name: string) => void;
}

export function GraphList({ view, sought, states, open }: ListProps) {
  const products = view.nodes.slice(1);
  const found = products.filter((node) => isSought(node, sought));
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
              {nodes.map((node) => (
                <Entry key={node.name} node={node} view={view} states={states} open={open} />
              ))}
            </ul>
          </div>
        );
      })}
    </section>
  );
}

function Entry({ node, view, states, open }: { node: ViewNode; view: View; states: States; open: (name: string) => void }) {
  const hidden = view.hidden.get(node.name) ?? 0;
  const state = describeState(states, node.name, new Date());
  return (
    <li>
      <ProductLink name={node.name} />{" "}
      <span class="note">
        {node.domain}, {formatCount(node.distance, "hop")}, confidence {formatConfidence(node.path_confidence)}
        {describeEdge(node, view)}
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

/** Say how a product is joined to the one that brought it into view. */
function describeEdge({ name }: ViewNode, { edges, parents }: View): string {
  const [parent, way] = parents.get(name) ?? [];
  const edge = edges.find(({ source, target }) => (way === "upstream" ? source === name && target === parent : source === parent && target === name));
  return edge ? `; ${way === "upstream" ? "feeds" : "is made of"} ${parent} (${edge.lineage_type} ${formatConfidence(edge.confidence)})` : "";
}
