/** Addresses of pages: a path below `/ui`, and a query that holds all of a page's state. */

export type Query = ReadonlyMap<string, readonly string[]>;
export interface Address {
  readonly segments: readonly string[];
  readonly query: Query;
}
export type QueryValue = string | number | boolean | readonly string[] | null | undefined;

/**
 * Encode a name as one segment of a path.
 *
 * Gateways decode `%2F`, and browsers resolve `..` however it is written: names that hold either are encoded twice.
 */
export function encodeSegment(name: string): string {
  const text = name.toWellFormed();
  const once = encodeURIComponent(text);
  if (/^\.+$/.test(text)) return text.replaceAll(".", "%252E");
  return /[/\\%]/.test(text) ? encodeURIComponent(once) : once;
}

export function decodeSegment(segment: string): string {
  const once = decodeText(segment);
  return once.includes("%") ? decodeText(once) : once;
}

/** Decode text as it stands in an address; what is no encoding stays as it is. */
export function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Parse what stands behind `/ui`: `/p/orders?depth=2`. */
export function parseAddress(path: string, search: string): Address {
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    query.set(name, [...(query.get(name) ?? []), value]);
  }
  const segments = path.split("/").filter((part) => part !== "");
  return { segments: segments.map(decodeSegment), query };
}

export function formatQuery(values: Record<string, QueryValue>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    for (const one of Array.isArray(value) ? value : [value]) found.append(name, String(one));
  }
  const text = found.toString();
  return text ? `?${text}` : "";
}

export function formatAddress(segments: readonly string[], values: Record<string, QueryValue> = {}): string {
  const path = segments.map((segment) => `/${encodeSegment(segment)}`).join("");
  return path + formatQuery(values);
}

/** Return the values of a query with some of them changed; null takes one away. */
export function changeQuery(query: Query, changes: Record<string, QueryValue>): Record<string, QueryValue> {
  return { ...Object.fromEntries(query), ...changes };
}
