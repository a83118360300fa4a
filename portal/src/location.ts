/** Where the portal is, and the way from one page to another without a reload. */
import { computed, signal } from "@preact/signals";
import { type Address, changeQuery, formatAddress, parseAddress, type QueryValue } from "./address.ts";

/** The address of the API: the script is `<root>ui/assets/<file>`, also behind a prefix of the path. */
export const ROOT = new URL("../../", import.meta.url).href;
const UI = new URL("ui", ROOT).pathname;

function read(): Address {
  const path = window.location.pathname;
  return parseAddress(path.startsWith(UI) ? path.slice(UI.length) : "", window.location.search);
}

export const address = signal<Address>(read());
export const asOf = computed(() => first("as_of"));

export function first(name: string): string {
  return address.value.query.get(name)?.[0] ?? "";
}

export function all(name: string): readonly string[] {
  return address.value.query.get(name) ?? [];
}

/** Return the address of a page; the moment that is looked at goes along. */
export function linkTo(segments: readonly string[], values: Record<string, QueryValue> = {}): string {
  return UI + formatAddress(segments, { ...values, as_of: "as_of" in values ? values["as_of"] : asOf.value });
}

/** Return the address of this page, or of another, with this state but for some changes. */
export function linkHere(changes: Record<string, QueryValue>, segments = address.value.segments): string {
  return UI + formatAddress(segments, changeQuery(address.value.query, changes));
}

export function go(href: string, replace = false): void {
  if (href === window.location.pathname + window.location.search) return;
  window.history[replace ? "replaceState" : "pushState"](null, "", href);
  const before = address.value.segments.join("/");
  address.value = read();
  if (before !== address.value.segments.join("/")) {
    window.scrollTo(0, 0);
    document.getElementById("content")?.focus();
  }
}

function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented) return;
  const href = link.getAttribute("href");
  if (link.hasAttribute("target") || link.hasAttribute("download") || !href?.startsWith(UI)) return;
  event.preventDefault();
  go(href);
}

export function watchLocation(): void {
  window.addEventListener("popstate", () => (address.value = read()));
  document.addEventListener("click", follow);
}
