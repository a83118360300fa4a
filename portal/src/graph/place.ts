/** A place for what comes into view, without moving what is there. */
import type { Way } from "../api/types.ts";
import type { Point, Sizes } from "./layout.ts";

export type Positions = ReadonlyMap<string, Point>;

/** Return positions with those of new nodes: beside their parents, at the nearest height that is free. */
export function placeNew(
  before: Positions,
  names: readonly string[],
  parents: ReadonlyMap<string, readonly [string, Way]>,
  sizes: Sizes,
): Positions {
  const positions = new Map(before);
  for (const name of names) {
    if (positions.has(name)) continue;
    const [parent, way] = parents.get(name) ?? ["", "downstream"];
    const [x, y] = positions.get(parent) ?? [0, 0];
    const column = x + (way === "upstream" ? -1 : 1) * (sizes.width + sizes.gapX);
    positions.set(name, [column, findFreeHeight([...positions.values()], column, y, sizes)]);
  }
  return positions;
}

function findFreeHeight(taken: readonly Point[], x: number, wanted: number, sizes: Sizes): number {
  const pitch = sizes.height + sizes.gapY;
  const heights = taken.filter((each) => Math.abs(each[0] - x) < sizes.width).map((each) => each[1]);
  const isFree = (y: number) => heights.every((each) => Math.abs(each - y) >= pitch - 0.01);
  const wishes = [wanted, ...heights.flatMap((each) => [each + pitch, each - pitch])];
  return wishes.filter(isFree).sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0]!;
}
