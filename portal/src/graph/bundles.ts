/** Very many edges as few paths. */
import type { SceneEdge } from "./scene.ts";

export interface Bundle {
  readonly path: string;
  readonly text: string;
  readonly lineage_type: string;
  readonly confidence: number;
}

interface Gathered {
  lineage_type: string;
  confidence: number;
  paths: string[];
}

/** So many edges are one path: a longer one takes browsers more to paint than it saves. */
const CHUNK = 30;

/** Return one path for all edges of a type whose confidence is the same in tenths. */
export function bundleEdges(edges: readonly SceneEdge[]): Bundle[] {
  const found = new Map<string, Gathered>();
  const bundles: Gathered[] = [];
  for (const { lineage_type, confidence, path } of edges) {
    const tenths = Math.round(confidence * 10);
    const key = `${lineage_type} ${tenths}`;
    const before = found.get(key);
    if (before && before.paths.length < CHUNK) before.paths.push(path);
    else {
      const made = { lineage_type, confidence: tenths / 10, paths: [path] };
      found.set(key, made);
      bundles.push(made);
    }
  }
  return bundles.map(({ lineage_type, confidence, paths }) => ({
    path: paths.join(""),
    text: `${lineage_type}, about ${Math.round(confidence * 100)} %`,
    lineage_type,
    confidence,
  }));
}
