/** A hook that turns what is known of a graph into a scene, keeping what is on the screen where it is. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { computeLayout } from "./compute.ts";
import type { Layout, Point, Sizes } from "./layout.ts";
import { chooseView, type Known } from "./model.ts";
import { placeNew, type Positions } from "./place.ts";
import { buildScene, chooseSizes, type Scene } from "./scene.ts";

interface Base {
  known: Known;
  positions: Positions;
  bends: ReadonlyMap<string, readonly Point[]>;
  sizes: Sizes;
}

/** `first` is what the page began with, laid out as a whole; `known` may hold more, which is put beside it. */
export function useScene(first: Known, known: Known, focus: string, depth: number, opened: readonly string[]): Scene | null {
  const [base, setBase] = useState<Base | null>(null);
  const placed = useRef<Positions>(new Map());
  useEffect(() => {
    const stop = new AbortController();
    const view = chooseView(first, focus, depth, []);
    const names = view.nodes.map(({ name }) => name);
    const sizes = chooseSizes([...known.nodes.keys()]);
    computeLayout({ names, edges: view.edges, sizes }, stop.signal).then((layout: Layout) => {
      if (stop.signal.aborted) return;
      const positions = new Map(Object.entries(layout.positions));
      placed.current = positions;
      setBase({ known: first, positions, bends: new Map(view.edges.map(({ id }, i) => [id, layout.bends[i]!])), sizes });
    });
    return () => stop.abort();
  }, [first, focus, depth]);
  return useMemo(() => {
    if (!base || base.known !== first) return null;
    const view = chooseView(known, focus, depth, opened);
    placed.current = placeNew(placed.current, view.nodes.map(({ name }) => name), view.parents, base.sizes);
    return buildScene(view, focus, placed.current, base.bends, base.sizes);
  }, [base, known, opened.join("\n")]);
}
