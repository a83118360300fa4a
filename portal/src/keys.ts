/** What keys do on every page. The graph has keys of its own. */
import { signal } from "@preact/signals";
import { go, linkTo } from "./location.ts";

export const isHelpOpen = signal(false);

export const KEYS: readonly (readonly [string, string])[] = [
  ["/", "Search"],
  ["g h", "Go home"],
  ["g c", "Go to the changes"],
  ["g j", "Go to the jobs"],
  ["g p", "Find a path between two products"],
  ["?", "Show these keys"],
  ["Esc", "Close a dialog"],
  ["Arrow keys", "In the graph: to the next product along an edge, or above and below"],
  ["Enter", "In the graph: open the product"],
  ["+ − 0", "In the graph: larger, smaller, all of it"],
];

let before = "";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function press(event: KeyboardEvent): void {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const pair = `${before} ${event.key}`;
  before = event.key;
  if (event.key === "/") {
    event.preventDefault();
    const box = document.querySelector<HTMLInputElement>("#search-box");
    box?.focus();
    box?.select();
  } else if (event.key === "?") isHelpOpen.value = true;
  else if (pair === "g h") go(linkTo([]));
  else if (pair === "g c") go(linkTo(["changes"]));
  else if (pair === "g j") go(linkTo(["jobs"]));
  else if (pair === "g p") go(linkTo(["path"]));
}

export function watchKeys(): void {
  document.addEventListener("keydown", press);
}
