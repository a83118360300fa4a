/** The lineage of a product: a graph, the same as a list, and the people whom a change concerns. */
import { useMemo, useRef } from "preact/hooks";
import { ask, type Values } from "../api/client.ts";
import { useApi, useAsked } from "../api/use.ts";
import type { ColumnGraph, LineageGraph, Product } from "../api/types.ts";
import { Choice } from "../components/choice.tsx";
import { GraphFiles } from "../components/graph-files.tsx";
import { GraphList } from "../components/graph-list.tsx";
import { People } from "../components/people.tsx";
import { ProductHead } from "../components/product.tsx";
import { Empty, Loading, Result } from "../components/states.tsx";
import { GraphCanvas } from "../graph/canvas.tsx";
import { NOTHING_UNFOLDED, unfold } from "../graph/columns.ts";
import { describeDrawing } from "../graph/describe.ts";
import { mergeGraphs } from "../graph/model.ts";
import { useStates } from "../graph/states.ts";
import { useDrawing } from "../graph/use.ts";
import { all, asOf, first, go, linkHere } from "../location.ts";
import { useTitle } from "../title.ts";

const DEPTHS = [1, 2, 3, 5, 10];
const TYPES = ["direct", "derived", "aggregated"];
const CONFIDENCES = ["0.25", "0.5", "0.75", "0.9", "1"];
const MOST_NODES = 1000;

export function LineagePage({ name }: { name: string }) {
  useTitle(`Lineage of ${name}`);
  const depth = Number(first("depth")) || 1;
  const filters: Values = { min_confidence: first("min_confidence"), lineage_type: first("type"), as_of: asOf.value };
  // One hop more than is shown: it tells how many neighbours are hidden.
  const values = { ...filters, depth: depth + 1, direction: first("direction"), max_nodes: MOST_NODES };
  const asked = useAsked<LineageGraph>(JSON.stringify([name, values]), (signal) => ask(["lineage", "graph", name], values, signal));
  const product = useApi<Product>(["product", name], { as_of: asOf.value });
  return (
    <>
      <ProductHead name={name} here="lineage" product={product.state === "ready" ? product.data : undefined} />
      <Controls depth={depth} />
      <Result asked={asked} what="lineage">
        {(graph) => <Lineage key={JSON.stringify([name, values])} name={name} depth={depth} graph={graph} filters={filters} />}
      </Result>
      {first("show") === "people" ? (
        <People name={name} filters={filters} />
      ) : (
        <p>
          <a href={linkHere({ show: "people" })}>Whom does a change concern?</a>
        </p>
      )}
    </>
  );
}

function Controls({ depth }: { depth: number }) {
  const choose = (field: string) => (value: string) => go(linkHere({ [field]: value, open: null, in: null }));
  return (
    <form class="filters" aria-label="What the graph shows" onSubmit={(event) => event.preventDefault()}>
      <Choice title="Hops" value={String(depth)} values={DEPTHS.map(String)} choose={choose("depth")} />
      <Choice title="Direction" value={first("direction")} values={["upstream", "downstream"]} any="both" choose={choose("direction")} />
      <Choice title="Type" value={first("type")} values={TYPES} any="all" choose={choose("type")} />
      <Choice title="Confidence at least" value={first("min_confidence")} values={CONFIDENCES} any="any" choose={choose("min_confidence")} />
      <Choice title="Collapsed" value={first("group")} values={["domain"]} any="nothing" choose={choose("group")} />
    </form>
  );
}

interface LineageProps {
  name: string;
  depth: number;
  graph: LineageGraph;
  filters: Values;
}

function Lineage({ name, depth, graph, filters }: LineageProps) {
  const [opened, openGroups, columns, sought] = [all("open"), all("in"), all("columns"), first("find")];
  const isGrouped = first("group") === "domain";
  const others = useMany<LineageGraph>(opened, (each, signal) => ask(["lineage", "graph", each], { ...filters, depth: 2, max_nodes: MOST_NODES }, signal));
  const unfolded = useMany<ColumnGraph>(columns, (each, signal) => ask(["lineage", "columns", each], { depth: 1, as_of: asOf.value }, signal));
  const base = useMemo(() => mergeGraphs([graph]), [graph]);
  const known = useMemo(() => mergeGraphs([graph, ...(others.found ?? [])]), [graph, others.found]);
  const rows = useMemo(() => (unfolded.found ? unfold(unfolded.found) : NOTHING_UNFOLDED), [unfolded.found]);
  const drawing = useDrawing(base, known, { focus: name, depth, opened, isGrouped, openGroups }, rows);
  const states = useStates(drawing ? drawing.view.nodes.map((node) => node.name) : []);
  if (!drawing) return <Loading what="graph" />;
  const { scene, view } = drawing;
  if (view.nodes.length <= 1 && view.edges.length === 0) {
    return <Empty>No lineage is shown: none is registered, or the filters leave none. Lineage comes with events of pipelines, or is registered by people.</Empty>;
  }
  const actions = {
    open: (each: string) => go(linkHere({ open: [...opened, each] })),
    openGroup: (each: string) => go(linkHere({ in: [...openGroups, each] })),
    unfold: (each: string) => go(linkHere({ columns: columns.includes(each) ? columns.filter((one) => one !== each) : [...columns, each] })),
  };
  return (
    <>
      <p role="status">{describeDrawing(drawing, graph, states, Boolean(asOf.value), Boolean(filters["lineage_type"] || filters["min_confidence"]))}</p>
      <div class="with-graph">
        <GraphCanvas scene={scene} question={`${depth} ${isGrouped}`} sought={sought} states={states} actions={actions} />
        <GraphList view={view} sought={sought} states={states} open={actions.open} />
      </div>
      {[others, unfolded].map(({ problem }, index) => problem && <p key={index} role="alert">{["The neighbours", "The columns"][index]} could not be asked: {problem}</p>)}
      <GraphFiles scene={scene} name={name} />
    </>
  );
}

/** Ask the same of several products; what was found stays until the answers for others are there. */
function useMany<T>(names: readonly string[], find: (name: string, signal: AbortSignal) => Promise<{ data: T }>) {
  const distinct = [...new Set(names)];
  const asked = useAsked<T[]>(distinct.length > 0 ? distinct.join("\n") : null, async (signal) => {
    const answers = await Promise.all(distinct.map((each) => find(each, signal)));
    return { data: answers.map(({ data }) => data), headers: new Headers() };
  });
  const last = useRef<T[] | undefined>(undefined);
  if (distinct.length === 0) last.current = undefined;
  else if (asked.state === "ready") last.current = asked.data;
  return {
    found: last.current,
    problem: asked.state === "failed" ? asked.error.message : "",
  };
}
