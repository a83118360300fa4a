/** A hook that turns what is known of a graph into a scene, keeping what is on the screen where it is. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Unfolded } from "./columns.ts";
import { computeLayout } from "./compute.ts";
import { groupView } from "./groups.ts";
import type { Layout, Point, Sizes } from "./layout.ts";
import { chooseView, type Known, type View } from "./model.ts";
import { placeNew, type Positions } from "./place.ts";
import { buildScene, chooseSizes, type Scene } from "./scene.ts";

interface Base {
  known: Known;
  positions: Positions;
  bends: ReadonlyMap<string, readonly Point[]>;
  sizes: Sizes;
}

export interface Shown {
  readonly focus: string;
  readonly depth: number;
  /** Products whose neighbours were opened, as often as they were. */
  readonly opened: readonly string[];
  readonly isGrouped: boolean;
  readonly openGroups: readonly string[];
}
export interface Drawing {
  readonly scene: Scene;
  /** All products that are shown, or stand in a group that is. */
  readonly view: View;
}

/** `first` is what the page began with, laid out as a whole; `known` may hold more, which is put beside it. */
export function useDrawing(first: Known, known: Known, shown: Shown, unfolded: Unfolded): Drawing | null {
  const { focus, depth, isGrouped } = shown;
  const [base, setBase] = useState<Base | null>(null);
  const placed = useRef<Positions>(new Map());
  const group = (view: View, opened: readonly string[]) => (isGrouped ? groupView(view, focus, opened) : view);
  useEffect(() => {
    const stop = new AbortController();
    const view = group(chooseView(first, focus, depth, []), []);
    const names = view.nodes.map(({ name }) => name);
    const sizes = chooseSizes([...known.nodes.keys()]);
    computeLayout({ names, edges: view.edges, sizes }, stop.signal).then((layout: Layout) => {
      if (stop.signal.aborted) return;
      const positions = new Map(Object.entries(layout.positions));
      placed.current = positions;
      setBase({ known: first, positions, bends: new Map(view.edges.map(({ id }, i) => [id, layout.bends[i]!])), sizes });
    });
    return () => stop.abort();
  }, [first, focus, depth, isGrouped]);
  return useMemo(() => {
    if (!base || base.known !== first) return null;
    const view = chooseView(known, focus, depth, shown.opened);
    const drawn = group(view, shown.openGroups);
    placed.current = placeNew(placed.current, drawn.nodes.map(({ name }) => name), drawn.parents, base.sizes);
    return { scene: buildScene(drawn, focus, placed.current, base.bends, base.sizes, unfolded), view };
  }, [base, known, unfolded, shown.opened.join("\n"), shown.openGroups.join("\n")]);
}
