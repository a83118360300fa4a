/** The part of a scene that is seen: a shift and a scale. */
import type { Scene } from "./scene.ts";

export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

const LEAST = 0.08;
const MOST = 3;
const READABLE = 0.55;

/** Show all of it, or the focus in a readable size where all would be too small to read. */
export function fitViewport(scene: Scene, width: number, height: number, mayBeSmall = false): Viewport {
  const { box, nodes, sizes } = scene;
  const scale = Math.min(1.25, width / box.width, height / box.height);
  const focus = nodes.find(({ isFocus }) => isFocus);
  if (scale >= READABLE || mayBeSmall || !focus) {
    return {
      scale,
      x: width / 2 - (box.x + box.width / 2) * scale,
      y: height / 2 - (box.y + box.height / 2) * scale,
    };
  }
  const readable = Math.min(0.85, Math.max(READABLE, width / (sizes.width * 3 + sizes.gapX * 2)));
  return {
    scale: readable,
    x: width / 2 - (focus.x + sizes.width / 2) * readable,
    y: height / 2 - focus.y * readable,
  };
}

/** Zoom around a point of the screen, which stays where it is. */
export function zoomViewport(view: Viewport, factor: number, x: number, y: number): Viewport {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  const grown = scale / view.scale;
  return { scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown };
}

/** Shift so far that a node is on the screen, and no farther. */
export function revealPoint(view: Viewport, x: number, y: number, right: number, size: { width: number; height: number }): Viewport {
  const margin = 24;
  const shift = (from: number, to: number, end: number) =>
    from < margin ? margin - from : to > end - margin ? end - margin - to : 0;
  return {
    ...view,
    x: view.x + shift(x * view.scale + view.x, right * view.scale + view.x, size.width),
    y: view.y + shift(y * view.scale + view.y, y * view.scale + view.y, size.height),
  };
}
