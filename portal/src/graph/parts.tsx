/** The parts of a drawn graph: edges, boxes of products and groups, their columns, and what opens more. */
import { formatConfidence, formatCount } from "../format.ts";
import { linkTo } from "../location.ts";
import { type Bundle, bundleEdges } from "./bundles.ts";
import { ROW_HEIGHT } from "./columns.ts";
import { isSought } from "./find.ts";
import { measureRows, type Scene, type SceneEdge, type SceneNode, shorten } from "./scene.ts";
import { describeState, type States } from "./states.ts";

/** Of more edges none has a text, and of more products none can be unfolded: neither could be read. */
export const MOST_LABELLED = 300;
export const MOST_FOLDED = 300;
const MOST_APART = 1000;

export interface Actions {
  /** Show more neighbours of a product. */
  open: (name: string) => void;
  /** Show the products of a group. */
  openGroup: (group: string) => void;
  /** Show the columns of a product, or hide them. */
  unfold: (name: string) => void;
}
export interface PartsProps {
  scene: Scene;
  sought: string;
  states: States;
  actions: Actions;
}

export function Parts({ scene, sought, states, actions }: PartsProps) {
  const now = new Date();
  const isLarge = scene.nodes.length > MOST_FOLDED;
  return (
    <>
      {scene.nodes.map((node) => {
        const state = describeState(states, node.name, now);
        const props = { node, scene, state, actions, isFound: isSought(node, sought), canUnfold: !isLarge || node.rows.length > 0 };
        return <Node key={node.name} {...props} />;
      })}
      {scene.columnEdges.map(({ id, path, text }) => (
        <path key={id} class="column-edge new" d={path}>
          <title>{text}</title>
        </path>
      ))}
    </>
  );
}

/** Edges, each with its type and confidence; of very many, on pointing at one. */
export function Edges({ edges }: { edges: readonly SceneEdge[] }) {
  if (edges.length > MOST_APART) return <>{bundleEdges(edges).map(drawBundle)}</>;
  const isLarge = edges.length > MOST_LABELLED;
  return <>{edges.map((edge) => (isLarge ? drawPath(edge) : <Edge key={edge.id} edge={edge} />))}</>;
}

/** Edges of one type and confidence are one path: the browser draws thousands as fast as a few. */
function drawBundle({ path, text, lineage_type, confidence }: Bundle, index: number) {
  return (
    <path key={index} class={`edge ${lineage_type}`} d={path} stroke-width={1 + confidence * 1.5} stroke-opacity={0.35 + confidence * 0.65}>
      <title>{text}</title>
    </path>
  );
}

function drawPath(edge: SceneEdge) {
  return (
    <path
      key={edge.id}
      class={`edge ${edge.lineage_type} ${edge.isBack ? "back" : ""}`}
      d={edge.path}
      stroke-width={1 + edge.confidence * 1.5}
      stroke-opacity={0.35 + edge.confidence * 0.65}
    >
      <title>{`${edge.source} to ${edge.target}: ${edge.text}`}</title>
    </path>
  );
}

function Edge({ edge }: { edge: SceneEdge }) {
  return (
    <g class={`edge new ${edge.lineage_type} ${edge.isBack ? "back" : ""}`}>
      <title>{`${edge.source} to ${edge.target}: ${edge.text}`}</title>
      <path d={edge.path} stroke-width={1 + edge.confidence * 1.5} stroke-opacity={0.35 + edge.confidence * 0.65} marker-end="url(#end)" />
      <text x={edge.middle[0]} y={edge.middle[1]} text-anchor="middle">
        {edge.text}
      </text>
    </g>
  );
}

interface NodeProps {
  node: SceneNode;
  scene: Scene;
  isFound: boolean;
  canUnfold: boolean;
  state: string;
  actions: Actions;
}

function Node({ node, scene: { sizes }, isFound, canUnfold, state, actions }: NodeProps) {
  const { name, x, y, hidden, rows } = node;
  if (node.members !== undefined) return <Group node={node} sizes={sizes} isFound={isFound} open={actions.openGroup} />;
  const confidence = node.isFocus ? "" : `, ${node.direction ?? "near"}, confidence ${formatConfidence(node.path_confidence)}`;
  const classes = `node new ${node.status} ${node.isFocus ? "self" : ""} ${isFound ? "found" : ""}`;
  const label = `${name}, ${node.domain}, ${node.status}${confidence}${state && `, ${state}`}`;
  return (
    <g transform={`translate(${x} ${y})`}>
      <a class={classes} href={linkTo(["p", name])} data-name={name} aria-label={label}>
        <title>{`${name}\n${node.domain}, ${node.owner}, ${node.status}`}</title>
        <rect y={-sizes.height / 2} width={sizes.width} height={sizes.height + measureRows(node)} rx="7" />
        <text class="domain" x="12" y="-12">
          {shorten(node.domain, 30)}
          {node.status !== "active" && ` · ${node.status}`}
        </text>
        <text x="12" y="5">
          {node.label}
        </text>
        {state && (
          <text class={`domain ${state.includes("✗") ? "bad" : ""}`} x="12" y="20">
            {state}
          </text>
        )}
        {rows.length > 0 && <Rows node={node} sizes={sizes} />}
      </a>
      {canUnfold && (
        <Knob
          label={`${rows.length > 0 ? "Hide" : "Show"} the columns of ${name}`}
          text={rows.length > 0 ? "▴" : "▾"}
          x={sizes.width - 26}
          y={-sizes.height / 2 + 3}
          act={() => actions.unfold(name)}
          kind="fold"
        />
      )}
      {hidden > 0 && (
        <Knob
          label={`Show ${hidden} more neighbours of ${name}`}
          text={`+${hidden}`}
          x={sizes.width - 22 - String(hidden).length * 7}
          y={sizes.height / 2 - 9}
          act={() => actions.open(name)}
          kind=""
        />
      )}
    </g>
  );
}

function Rows({ node: { rows, hiddenRows }, sizes }: { node: SceneNode; sizes: Scene["sizes"] }) {
  const most = Math.floor((sizes.width - 24) / 6.6);
  const place = (row: number) => sizes.height / 2 + row * ROW_HEIGHT + 14;
  return (
    <>
      {rows.map((row, index) => (
        <text key={row} class="column" x="12" y={place(index)}>
          {row.length > most && <title>{row}</title>}
          {shorten(row, most)}
        </text>
      ))}
      {hiddenRows > 0 && (
        <text class="domain" x="12" y={place(rows.length)}>
          and {hiddenRows} more
        </text>
      )}
    </>
  );
}

interface GroupProps {
  node: SceneNode;
  sizes: Scene["sizes"];
  isFound: boolean;
  open: (group: string) => void;
}

function Group({ node, sizes, isFound, open }: GroupProps) {
  const { name, x, y, domain, members } = node;
  const act = () => open(name);
  return (
    <g
      class={`node group new ${isFound ? "found" : ""}`}
      transform={`translate(${x} ${y})`}
      role="button"
      tabIndex={0}
      data-name={name}
      aria-label={`Show the ${formatCount(members!, "product")} of ${domain}, ${node.direction ?? "near"}`}
      onClick={act}
      onKeyDown={onEnter(act)}
    >
      <rect x="5" y={-sizes.height / 2 + 5} width={sizes.width} height={sizes.height} rx="7" />
      <rect y={-sizes.height / 2} width={sizes.width} height={sizes.height} rx="7" />
      <text x="12" y="-5">
        {shorten(domain, 30)}
      </text>
      <text class="domain" x="12" y="13">
        {node.label}
      </text>
    </g>
  );
}

interface KnobProps {
  label: string;
  text: string;
  x: number;
  y: number;
  act: () => void;
  kind: string;
}

/** A button within the drawing. */
function Knob({ label, text, x, y, act, kind }: KnobProps) {
  const width = 8 + text.length * 7 + (kind ? 6 : 3);
  return (
    <g class={`more ${kind}`} role="button" tabIndex={0} transform={`translate(${x} ${y})`} aria-label={label} onClick={act} onKeyDown={onEnter(act)}>
      <rect width={width} height="18" rx="9" />
      <text x={width / 2} y="13" text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function onEnter(act: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
}
