/** Where an arrow key leads from a node. */
import type { Scene, SceneNode } from "./scene.ts";

/** Return the node that a key leads to: along an edge to the left or right, within a column up or down. */
export function stepFrom(scene: Scene, name: string, key: string): SceneNode | undefined {
  const here = scene.nodes.find((node) => node.name === name);
  if (!here) return undefined;
  return findReached(scene, here, key).sort((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y))[0];
}

function findReached({ nodes, edges }: Scene, here: SceneNode, key: string): SceneNode[] {
  const named = (names: readonly string[]) => nodes.filter(({ name }) => name !== here.name && names.includes(name));
  switch (key) {
    case "ArrowLeft":
      return named(edges.filter(({ target }) => target === here.name).map(({ source }) => source));
    case "ArrowRight":
      return named(edges.filter(({ source }) => source === here.name).map(({ target }) => target));
    case "ArrowUp":
      return nodes.filter(({ x, y }) => Math.abs(x - here.x) < 1 && y < here.y);
    case "ArrowDown":
      return nodes.filter(({ x, y }) => Math.abs(x - here.x) < 1 && y > here.y);
    default:
      return [];
  }
}
