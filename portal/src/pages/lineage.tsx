/** The lineage of a product: a graph, and the same as a list. */
import { useMemo, useState } from "preact/hooks";
import { ask, type Values } from "../api/client.ts";
import { useAsked } from "../api/use.ts";
import type { LineageGraph } from "../api/types.ts";
import { ProductHead, ProductLink, StatusBadge } from "../components/product.tsx";
import { Empty, Loading, Result } from "../components/states.tsx";
import { formatConfidence, formatCount } from "../format.ts";
import { GraphCanvas } from "../graph/canvas.tsx";
import { savePng, saveSvg, saveText } from "../graph/export.ts";
import { mergeGraphs } from "../graph/model.ts";
import type { Scene } from "../graph/scene.ts";
import { useScene } from "../graph/use.ts";
import { writeMermaid } from "../graph/write.ts";
import { all, asOf, first, go, linkHere, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

const DEPTHS = [1, 2, 3, 5, 10];
const TYPES = ["direct", "derived", "aggregated"];
const MOST_NODES = 1000;

interface Graphs {
  first: LineageGraph;
  others: LineageGraph[];
}

export function LineagePage({ name }: { name: string }) {
  useTitle(`Lineage of ${name}`);
  const depth = Number(first("depth")) || 1;
  const filters: Values = {
    min_confidence: first("min_confidence"),
    lineage_type: first("type"),
    as_of: asOf.value,
    max_nodes: MOST_NODES,
  };
  const opened = all("open");
  // One hop more than is shown: it tells how many neighbours are hidden.
  const question = JSON.stringify([name, depth, first("direction"), filters]);
  const asked = useAsked<LineageGraph>(question, (signal) =>
    ask(["lineage", "graph", name], { ...filters, depth: depth + 1, direction: first("direction") }, signal),
  );
  const names = [...new Set(opened)];
  const more = useAsked<LineageGraph[]>(names.length ? question + names.join("\n") : null, async (signal) => {
    const answers = await Promise.all(
      names.map((each) => ask<LineageGraph>(["lineage", "graph", each], { ...filters, depth: 2 }, signal)),
    );
    return { data: answers.map(({ data }) => data), headers: new Headers() };
  });
  return (
    <>
      <ProductHead name={name} here="lineage" />
      <Controls depth={depth} />
      <Result asked={asked} what="lineage">
        {(graph) => (
          <Lineage
            key={question}
            name={name}
            depth={depth}
            opened={opened}
            graphs={{ first: graph, others: more.state === "ready" ? more.data : [] }}
            question={question}
          />
        )}
      </Result>
      {more.state === "failed" && <p role="alert">The neighbours could not be asked: {more.error.message}</p>}
    </>
  );
}

function Controls({ depth }: { depth: number }) {
  const choose = (field: string) => (event: Event) =>
    go(linkHere({ [field]: (event.currentTarget as HTMLSelectElement).value, open: null }));
  return (
    <form class="filters" aria-label="What the graph shows" onSubmit={(event) => event.preventDefault()}>
      <Choice title="Hops" value={String(depth)} values={DEPTHS.map(String)} onChange={choose("depth")} />
      <Choice title="Direction" value={first("direction")} values={["upstream", "downstream"]} any="both" onChange={choose("direction")} />
      <Choice title="Type" value={first("type")} values={TYPES} any="all" onChange={choose("type")} />
      <Choice
        title="Confidence at least"
        value={first("min_confidence")}
        values={["0.25", "0.5", "0.75", "0.9", "1"]}
        any="any"
        onChange={choose("min_confidence")}
      />
    </form>
  );
}

interface ChoiceProps {
  title: string;
  value: string;
  values: string[];
  any?: string;
  onChange: (event: Event) => void;
}

function Choice({ title, value, values, any, onChange }: ChoiceProps) {
  const known = value === "" || values.includes(value) ? values : [...values, value];
  return (
    <label>
      {title}{" "}
      <select value={value} onChange={onChange}>
        {any && <option value="">{any}</option>}
        {known.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

interface LineageProps {
  name: string;
  depth: number;
  opened: readonly string[];
  graphs: Graphs;
  question: string;
}

function Lineage({ name, depth, opened, graphs, question }: LineageProps) {
  const base = useMemo(() => mergeGraphs([graphs.first]), [graphs.first]);
  const known = useMemo(() => mergeGraphs([graphs.first, ...graphs.others]), [graphs.first, ...graphs.others]);
  const scene = useScene(base, known, name, depth, opened);
  const [sought, seek] = useState("");
  if (!scene) return <Loading what="graph" />;
  const isFound = (each: string) => sought !== "" && each.toLowerCase().includes(sought.toLowerCase());
  if (scene.nodes.length <= 1 && scene.edges.length === 0) {
    return <Empty>No lineage is shown: none is registered, or the filters leave none. Lineage comes with events of pipelines, or is registered by people.</Empty>;
  }
  return (
    <>
      <p role="status">{describe(scene, graphs.first)}</p>
      <div class="with-graph">
        <GraphCanvas scene={scene} question={question} found={isFound} open={(each) => go(linkHere({ open: [...opened, each] }))} />
        <section class="graph-list" aria-label="The graph as a list">
          <label>
            Find in the graph <input type="search" value={sought} onInput={(event) => seek(event.currentTarget.value)} />
          </label>
          <NodeList scene={scene} isShown={(each) => sought === "" || isFound(each)} />
        </section>
      </div>
      <div class="filters">
        <button type="button" onClick={() => saveSvg(scene, name)}>
          Save SVG
        </button>
        <button type="button" onClick={() => savePng(scene, name)}>
          Save PNG
        </button>
        <button type="button" onClick={() => saveText(writeMermaid(scene), `${name}.mmd`)}>
          Save Mermaid
        </button>
      </div>
    </>
  );
}

/** Count what is shown and what is not, in words. */
function describe(scene: Scene, graph: LineageGraph): string {
  const hidden = scene.nodes.filter((node) => node.hidden > 0).length;
  const parts = [`${formatCount(scene.nodes.length, "product")} and ${formatCount(scene.edges.length, "edge")} are shown.`];
  if (hidden > 0) parts.push(`${formatCount(hidden, "product has", "products have")} neighbours that are not; + opens them.`);
  if (graph.cycles.length > 0) parts.push(`${formatCount(graph.cycles.length, "cycle")}: ${graph.cycles.map((each) => each.join(", ")).join("; ")}.`);
  if (graph.truncated) parts.push("The graph goes on beyond what one answer holds: choose fewer hops or a filter.");
  return parts.join(" ");
}

function NodeList({ scene, isShown }: { scene: Scene; isShown: (name: string) => boolean }) {
  const groups = [
    ["Upstream", scene.nodes.filter((node) => node.direction === "upstream")],
    ["Downstream", scene.nodes.filter((node) => node.direction === "downstream")],
  ] as const;
  return (
    <>
      {groups.map(([title, nodes]) => {
        const shown = nodes.filter(({ name, isFocus }) => !isFocus && isShown(name));
        if (shown.length === 0) return null;
        return (
          <div key={title}>
            <h2>{title}</h2>
            <ul>
              {shown.map((node) => (
                <li key={node.name}>
                  <ProductLink name={node.name} />{" "}
                  <span class="note">
                    {node.domain}, {formatCount(node.distance, "hop")}, confidence {formatConfidence(node.path_confidence)}
                  </span>{" "}
                  {node.status !== "active" && <StatusBadge status={node.status} />}{" "}
                  <a href={linkTo(["p", node.name, "lineage"])} aria-label={`Graph of ${node.name}`}>
                    graph
                  </a>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </>
  );
}
