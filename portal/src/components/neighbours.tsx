/** One hop of lineage on each side of a product. */
import type { LineageGraph } from "../api/types.ts";
import { useApi } from "../api/use.ts";
import { formatConfidence, formatCount } from "../format.ts";
import { asOf, linkTo } from "../location.ts";
import { ProductLink } from "./product.tsx";
import { Result } from "./states.tsx";

export function Neighbours({ name }: { name: string }) {
  const asked = useApi<LineageGraph>(["lineage", "graph", name], { depth: 1, as_of: asOf.value });
  return (
    <section aria-labelledby="neighbours">
      <h2 id="neighbours">Where does it come from, and who uses it?</h2>
      <Result asked={asked} what="lineage">
        {(graph) => (
          <div class="strip">
            <Side graph={graph} way="upstream" title="Made of" />
            <div class="strip-self">
              <strong>{name}</strong>
              <a href={linkTo(["p", name, "lineage"])}>Open the graph</a>
            </div>
            <Side graph={graph} way="downstream" title="Used by" />
          </div>
        )}
      </Result>
    </section>
  );
}

const MOST_NEIGHBOURS = 8;

function Side({ graph, way, title }: { graph: LineageGraph; way: "upstream" | "downstream"; title: string }) {
  const [here, there] = way === "upstream" ? (["target", "source"] as const) : (["source", "target"] as const);
  const edges = graph.edges.filter((edge) => edge[here] === graph.product && edge[there] !== graph.product);
  const rest = edges.length - MOST_NEIGHBOURS;
  return (
    <div>
      <h3>{title}</h3>
      {edges.length === 0 && <p class="note">{way === "upstream" ? "Nothing that is registered" : "Nobody that is registered"}</p>}
      <ul>
        {edges.slice(0, MOST_NEIGHBOURS).map((edge) => (
          <li key={edge.id}>
            <ProductLink name={edge[there]} />{" "}
            <span class="note">
              {edge.lineage_type}, {formatConfidence(edge.confidence)}
            </span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p class="note">and {formatCount(rest, "more", "more")}</p>}
    </div>
  );
}
