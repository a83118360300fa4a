/** A scene as text: an SVG that needs no style of a page, and Mermaid. */
import { ROW_HEIGHT } from "./columns.ts";
import { measureRows, type Scene, type SceneEdge, type SceneNode } from "./scene.ts";

const DASHES: Record<string, string> = { derived: ' stroke-dasharray="8 4"', aggregated: ' stroke-dasharray="2 3"' };
const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ESCAPES[letter]!);
}

export function writeSvg({ nodes, edges, columnEdges, box, sizes }: Scene): string {
  const view = [box.x, box.y, box.width, box.height].map(Math.round).join(" ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view}" width="${Math.round(box.width)}" height="${Math.round(box.height)}" font-family="sans-serif">`,
    '<defs><marker id="end" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="#4d5965"/></marker></defs>',
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="#fff"/>`,
    ...edges.map(writeEdge),
    ...nodes.map((node) => writeNode(node, sizes)),
    ...columnEdges.map(({ path, text }) => `<path d="${path}" fill="none" stroke="#1b5e8c"><title>${escapeXml(text)}</title></path>`),
    "</svg>",
  ].join("\n");
}

function writeEdge({ path, middle, text, lineage_type, confidence }: SceneEdge): string {
  const dash = DASHES[lineage_type] ?? "";
  return (
    `<path d="${path}" fill="none" stroke="#4d5965" stroke-width="${1 + confidence * 1.5}"${dash} marker-end="url(#end)"/>` +
    `<text x="${middle[0]}" y="${middle[1]}" font-size="11" text-anchor="middle" fill="#4d5965">${escapeXml(text)}</text>`
  );
}

function writeNode(node: SceneNode, { width, height }: Scene["sizes"]): string {
  const { x, y, label, name, domain, isFocus, rows, hiddenRows } = node;
  const line = isFocus ? 'stroke="#1b5e8c" stroke-width="3"' : 'stroke="#4d5965" stroke-width="1.5"';
  const below = [...rows, ...(hiddenRows > 0 ? [`and ${hiddenRows} more`] : [])].map(
    (row, i) => `<text x="${x + 12}" y="${y + height / 2 + i * ROW_HEIGHT + 14}" font-size="11.5" fill="#1b2229">${escapeXml(row)}</text>`,
  );
  return (
    `<g><title>${escapeXml(name)}</title><rect x="${x}" y="${y - height / 2}" width="${width}" height="${height + measureRows(node)}" rx="7" fill="#fff" ${line}/>` +
    `<text x="${x + 12}" y="${y - 12}" font-size="10.5" fill="#4d5965">${escapeXml(domain)}</text>` +
    `<text x="${x + 12}" y="${y + 5}" font-size="13" fill="#1b2229">${escapeXml(label)}</text>${below.join("")}</g>`
  );
}

export function writeMermaid({ nodes, edges }: Scene): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index}`]));
  const label = (text: string) => `"${text.replaceAll('"', "#quot;")}"`;
  return [
    "flowchart LR",
    ...nodes.map(({ name, domain, members, label: words }) => `  ${ids.get(name)}[${label(members === undefined ? name : `${domain}: ${words}`)}]`),
    ...edges.map(({ source, target, text }) => `  ${ids.get(source)} -->|${label(text)}| ${ids.get(target)}`),
    "",
  ].join("\n");
}
