/** The drawn graph: pan and zoom by pointer, wheel and keys; every product can be focused. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Edges, Parts, type PartsProps } from "./parts.tsx";
import type { Scene } from "./scene.ts";
import { stepFrom } from "./steps.ts";
import { fitViewport, revealPoint, type Viewport, zoomViewport } from "./viewport.ts";

const ZOOM = 1.25;
const DRAG_PIXELS = 4;

interface GraphProps extends PartsProps {
  scene: Scene;
  /** Fitted anew when it changes: what is added leaves the screen as it is. */
  question: string;
}

export function GraphCanvas({ question, ...parts }: GraphProps) {
  const { scene } = parts;
  const svg = useRef<SVGSVGElement>(null);
  const [viewport, setViewport] = useState<Viewport>({ x: 0, y: 0, scale: 1 });
  const size = () => svg.current!.getBoundingClientRect();
  const fit = (mayBeSmall: boolean) => setViewport(fitViewport(scene, size().width, size().height, mayBeSmall));
  const zoom = (factor: number) => setViewport((view) => zoomViewport(view, factor, size().width / 2, size().height / 2));
  useLayoutEffect(() => fit(false), [question]);
  useWheel(svg, setViewport);
  const drag = useDrag(setViewport);
  // Made once: a move of the whole draws none of its parts anew.
  const edges = useMemo(() => <Edges edges={scene.edges} />, [scene]);
  const drawn = useMemo(() => <Parts {...parts} />, [scene, parts.sought, parts.states]);

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = (event.target as Element).closest("[data-name]")?.getAttribute("data-name");
    if (event.key === "+" || event.key === "=") zoom(ZOOM);
    else if (event.key === "-") zoom(1 / ZOOM);
    else if (event.key === "0") fit(true);
    else {
      const next = at ? stepFrom(scene, at, event.key) : undefined;
      if (!next) return;
      svg.current!.querySelector<SVGElement>(`[data-name="${CSS.escape(next.name)}"]`)?.focus({ preventScroll: true });
      setViewport((view) => revealPoint(view, next.x, next.y, next.x + scene.sizes.width, size()));
    }
    event.preventDefault();
  };

  return (
    <div class="graph">
      <div class="graph-tools">
        <button type="button" aria-label="Larger" onClick={() => zoom(ZOOM)}>
          +
        </button>
        <button type="button" aria-label="Smaller" onClick={() => zoom(1 / ZOOM)}>
          −
        </button>
        <button type="button" aria-label="Show all of it" onClick={() => fit(true)}>
          0
        </button>
      </div>
      <svg ref={svg} role="group" aria-label="Lineage graph" onKeyDown={press} {...drag}>
        <defs>
          <marker id="end" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 0L8 4L0 8z" fill="currentColor" />
          </marker>
        </defs>
        <g transform={`translate(${viewport.x} ${viewport.y}) scale(${viewport.scale})`}>
          {edges}
          {drawn}
        </g>
      </svg>
    </div>
  );
}

type SetViewport = (change: (view: Viewport) => Viewport) => void;

/** With Ctrl or Command, as browsers send a pinch too: without, the wheel scrolls the page. */
function useWheel(svg: { current: SVGSVGElement | null }, set: SetViewport): void {
  useLayoutEffect(() => {
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.current!.getBoundingClientRect();
      set((view) => zoomViewport(view, Math.exp(-event.deltaY / 300), event.clientX - box.x, event.clientY - box.y));
    };
    const element = svg.current!;
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, []);
}

function useDrag(set: SetViewport) {
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const moved = useRef(0);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (pointers.current.size === 0) moved.current = 0;
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    },
    onPointerMove: (event: PointerEvent) => {
      const before = pointers.current.get(event.pointerId);
      if (!before) return;
      const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      moved.current += Math.abs(dx) + Math.abs(dy);
      if (moved.current > DRAG_PIXELS) (event.currentTarget as Element).setPointerCapture(event.pointerId);
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (other) {
        const grown = Math.hypot(event.clientX - other.x, event.clientY - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
        const box = (event.currentTarget as Element).getBoundingClientRect();
        set((view) => zoomViewport(view, grown || 1, other.x - box.x, other.y - box.y));
      } else set((view) => ({ ...view, x: view.x + dx, y: view.y + dy }));
    },
    onPointerUp: (event: PointerEvent) => void pointers.current.delete(event.pointerId),
    onPointerCancel: (event: PointerEvent) => void pointers.current.delete(event.pointerId),
    /** The end of a drag is no click on what is under it. */
    onClickCapture: (event: MouseEvent) => {
      if (moved.current <= DRAG_PIXELS) return;
      event.preventDefault();
      event.stopPropagation();
    },
    onDragStart: (event: DragEvent) => event.preventDefault(),
  };
}
