/** A product as a form holds it: what is sent of it, and what becomes of it when somebody else has saved meanwhile. */
import type { OutputPort, Product } from "../api/types.ts";
import { type ColumnDraft, describeColumns, joinColumns, NEW_COLUMN, toColumnDrafts, toSchema } from "./column-draft.ts";

/** A line of a list: what it is called -> what was written. */
export type Line = Readonly<Record<string, string>>;

/** The lists of a form, and what each of their lines has. */
export const LINES = {
  contacts: ["name", "role", "email"],
  links: ["title", "url"],
  openlineage: ["namespace", "name"],
} as const;
export type LineField = keyof typeof LINES;

export interface Draft {
  readonly name: string;
  readonly domain: string;
  readonly owner: string;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly version: string;
  readonly visibility: string;
  readonly tags: string;
  readonly location: string;
  readonly format: string;
  readonly columns: readonly ColumnDraft[];
  readonly contacts: readonly Line[];
  readonly channel: string;
  readonly channel_url: string;
  readonly freshness: string;
  readonly latency: string;
  readonly retention: string;
  readonly element: string;
  readonly links: readonly Line[];
  readonly glossary_terms: string;
  readonly openlineage: readonly Line[];
}
export type Field = keyof Draft;
export type TextField = Exclude<Field, LineField | "columns">;

export const NEW: Draft = {
  name: "",
  domain: "",
  owner: "",
  title: "",
  description: "",
  status: "active",
  version: "1.0.0",
  visibility: "internal",
  tags: "",
  location: "",
  format: "parquet",
  columns: [NEW_COLUMN],
  contacts: [],
  channel: "",
  channel_url: "",
  freshness: "",
  latency: "",
  retention: "",
  element: "",
  links: [],
  glossary_terms: "",
  openlineage: [],
};

export function toDraft(product: Product): Draft {
  const { support, sla } = product;
  return {
    name: product.name,
    domain: product.domain,
    owner: product.owner,
    title: product.title ?? "",
    description: product.description,
    status: product.status,
    version: product.version,
    visibility: product.visibility ?? "internal",
    tags: joinList(product.tags),
    location: product.output_port?.location ?? "",
    format: product.output_port?.format ?? "parquet",
    columns: toColumnDrafts(product),
    contacts: toLines("contacts", product.contacts),
    channel: support?.channel ?? "",
    channel_url: support?.url ?? "",
    freshness: sla?.freshness ?? "",
    latency: sla?.latency ?? "",
    retention: sla?.retention ?? "",
    element: sla?.element ?? "",
    links: toLines("links", product.links),
    glossary_terms: joinList(product.glossary_terms ?? []),
    openlineage: toLines("openlineage", product.openlineage),
  };
}

function toLines(field: LineField, items: readonly object[] = []): Line[] {
  return items.map((item) => Object.fromEntries(LINES[field].map((part) => [part, String((item as Record<string, unknown>)[part] ?? "")])));
}

export function isSame(a: Draft, b: Draft, field: Field): boolean {
  return JSON.stringify(a[field]) === JSON.stringify(b[field]);
}

/** Return the fields that differ, in the order of the form. */
export function listChanged(a: Draft, b: Draft): Field[] {
  return (Object.keys(NEW) as Field[]).filter((field) => !isSame(a, b, field));
}

/** Form field -> field of the request, where they are not called the same. What a form does not show is left as it is. */
const PARTS: Partial<Record<Field, string>> = {
  location: "output_port",
  format: "output_port",
  columns: "schema",
  channel: "support",
  channel_url: "support",
  freshness: "sla",
  latency: "sla",
  retention: "sla",
  element: "sla",
};
const partOf = (field: Field): string => PARTS[field] ?? field;

/** Return the body that registers a product: what was left empty is left out. */
export function toRegistration(draft: Draft): Record<string, unknown> {
  const needed = new Set(["name", "domain", "owner", "description", "schema", "status", "version", "tags"]);
  const written = new Set(listChanged(draft, NEW).map(partOf));
  const body = collectParts(draft, null);
  return Object.fromEntries(Object.entries(body).filter(([part, value]) => needed.has(part) || (written.has(part) && value !== null)));
}

/** Return the body that changes `base` into what the form says: the fields that differ alone. */
export function toChange(draft: Draft, base: Product): Record<string, unknown> {
  const body = collectParts(draft, base);
  const wanted = new Set(listChanged(draft, toDraft(base)).map(partOf));
  return Object.fromEntries(Object.entries(body).filter(([part]) => wanted.has(part)));
}

function collectParts(draft: Draft, base: Product | null): Record<string, unknown> {
  const { name, domain, owner, description, status, version, visibility } = draft;
  const location = draft.location.trim();
  const { csv, ...port }: Partial<OutputPort> = base?.output_port ?? {};
  return {
    name,
    domain,
    owner,
    title: draft.title.trim() || null,
    description,
    status,
    version,
    visibility,
    tags: splitList(draft.tags),
    // The form of CSV files is of no others.
    output_port: location ? { ...port, ...(csv && draft.format === "csv" ? { csv } : {}), location, format: draft.format } : null,
    schema: toSchema(draft.columns, base),
    contacts: fromLines(draft.contacts),
    support: keepFilled({ channel: draft.channel, url: draft.channel_url }),
    sla: keepFilled({ freshness: draft.freshness, latency: draft.latency, retention: draft.retention, element: draft.element }),
    links: fromLines(draft.links),
    glossary_terms: splitList(draft.glossary_terms),
    openlineage: fromLines(draft.openlineage),
  };
}

/** Return texts with commas between them; one that has a comma itself stands in quotes, as in a CSV file. */
function joinList(texts: readonly string[]): string {
  return texts.map((each) => (/^"|,/.test(each) ? `"${each.replaceAll('"', '""')}"` : each)).join(", ");
}

function splitList(text: string): string[] {
  const found = text.matchAll(/\s*(?:"((?:[^"]|"")*)"(?=\s*(?:,|$))|([^,]*))\s*(?:,|$)/g);
  return [...found].map(([, quoted, plain]) => (quoted?.replaceAll('""', '"') ?? plain ?? "").trim()).filter(Boolean);
}

/** Return what was written; null if nothing was. */
function keepFilled(line: Line): Line | null {
  const filled = Object.entries(line).flatMap(([part, text]) => (text.trim() ? [[part, text.trim()] as const] : []));
  return filled.length > 0 ? Object.fromEntries(filled) : null;
}

function fromLines(lines: readonly Line[]): Line[] {
  return lines.map(keepFilled).filter((each) => each !== null);
}

/** What two people changed of the same product. */
export interface Conflict {
  /** What the other alone has changed: it is taken over. */
  readonly taken: readonly Field[];
  /** What both have changed in different places: it has the changes of both. */
  readonly joined: readonly Field[];
  /** What both have changed, each otherwise: a person decides. */
  readonly disputed: readonly Field[];
  /** The form with all that the other alone has changed. */
  readonly merged: Draft;
}

export function findConflict(base: Draft, mine: Draft, theirs: Draft): Conflict {
  const changed = listChanged(base, theirs);
  const taken = changed.filter((field) => isSame(base, mine, field));
  const met = changed.filter((field) => !isSame(base, mine, field) && !isSame(mine, theirs, field));
  const columns = met.includes("columns") ? joinColumns(base.columns, mine.columns, theirs.columns) : null;
  const joined = met.filter((field) => field === "columns" && columns !== null);
  const disputed = met.filter((field) => !joined.includes(field));
  return { taken, joined, disputed, merged: { ...takeFields(mine, theirs, taken), ...(columns && { columns }) } };
}

export function takeFields(mine: Draft, theirs: Draft, fields: readonly Field[]): Draft {
  return { ...mine, ...Object.fromEntries(fields.map((field) => [field, theirs[field]])) };
}

/** Return what a field holds as text, for people who compare two of them. */
export function describeField(draft: Draft, field: Field): string {
  const value = draft[field];
  if (typeof value === "string") return value || "(empty)";
  if (field === "columns") return describeColumns(draft.columns);
  return (value as readonly Line[]).map((line) => Object.values(line).filter(Boolean).join(", ")).join("\n") || "(none)";
}

/** Fields of the request whose parts are fields of the form under other names. */
const RENAMED: Record<string, Field> = { "support.channel": "channel", "support.url": "channel_url" };

/** Return the field of the form that an error of the API is about; null if it is about none of them. */
export function findField(path: string): Field | null {
  const [part, inner] = path.split(".");
  const fields = Object.keys(NEW) as Field[];
  const named = RENAMED[`${part}.${inner}`] ?? fields.find((field) => field === inner && partOf(field) === part && PARTS[field] !== undefined);
  return named ?? (part === "restricted_columns" ? "columns" : null) ?? fields.find((field) => partOf(field) === part) ?? null;
}
