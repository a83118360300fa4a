/** A product as a form holds it: what is sent of it, and what becomes of it when somebody else has saved meanwhile. */
import type { Column, Product } from "../api/types.ts";

export interface ColumnDraft {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}
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
}
export type Field = keyof Draft;

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
  columns: [{ name: "", type: "string", description: "" }],
};

export function toDraft(product: Product): Draft {
  const described = new Map((product.columns ?? []).map((each) => [each.name, each]));
  return {
    name: product.name,
    domain: product.domain,
    owner: product.owner,
    title: product.title ?? "",
    description: product.description,
    status: product.status,
    version: product.version,
    visibility: product.visibility ?? "internal",
    tags: product.tags.join(", "),
    location: product.output_port?.location ?? "",
    format: product.output_port?.format ?? "parquet",
    columns: Object.entries(product.schema).map(([name, type]) => ({
      name,
      type,
      description: described.get(name)?.description ?? "",
    })),
  };
}

export function isSame(a: Draft, b: Draft, field: Field): boolean {
  return JSON.stringify(a[field]) === JSON.stringify(b[field]);
}

/** Return the fields that differ, in the order of the form. */
export function listChanged(a: Draft, b: Draft): Field[] {
  return (Object.keys(NEW) as Field[]).filter((field) => !isSame(a, b, field));
}

/** Form field -> field of the request. What a form does not show is left as it is. */
const PARTS: Record<Field, string> = {
  name: "name",
  domain: "domain",
  owner: "owner",
  title: "title",
  description: "description",
  status: "status",
  version: "version",
  visibility: "visibility",
  tags: "tags",
  location: "output_port",
  format: "output_port",
  columns: "schema",
};

/** Return the body that registers a product. */
export function toRegistration(draft: Draft): Record<string, unknown> {
  const body = collectParts(draft, null);
  if (draft.title.trim() === "") delete body["title"];
  if (draft.visibility === "internal") delete body["visibility"];
  if (draft.location.trim() === "") delete body["output_port"];
  return body;
}

/** Return the body that changes `base` into what the form says: the fields that differ alone. */
export function toChange(draft: Draft, base: Product): Record<string, unknown> {
  const body = collectParts(draft, base);
  const wanted = new Set(listChanged(draft, toDraft(base)).map((field) => PARTS[field]));
  return Object.fromEntries(Object.entries(body).filter(([part]) => wanted.has(part)));
}

function collectParts(draft: Draft, base: Product | null): Record<string, unknown> {
  const { name, domain, owner, description, status, version, visibility } = draft;
  const location = draft.location.trim();
  return {
    name,
    domain,
    owner,
    title: draft.title.trim() || null,
    description,
    status,
    version,
    visibility,
    tags: draft.tags.split(",").map((tag) => tag.trim()).filter(Boolean),
    output_port: location ? { ...base?.output_port, location, format: draft.format } : null,
    schema: toSchema(draft.columns, base),
  };
}

/** Return the schema: what else is known of a column stays with it. */
function toSchema(columns: readonly ColumnDraft[], base: Product | null): Record<string, unknown> {
  const described = new Map((base?.columns ?? []).map((each) => [each.name, each]));
  const filled = columns.filter((each) => each.name.trim() !== "" || each.description.trim() !== "");
  return Object.fromEntries(filled.map((each) => [each.name.trim(), toColumn(each, described.get(each.name.trim()))]));
}

function toColumn({ type, description }: ColumnDraft, known: Column | undefined): unknown {
  const said = description.trim();
  const { name: _name, description: _description, ...rest } = known ?? { name: "", type };
  const more = Object.keys(rest).some((field) => field !== "type");
  if (!said && !more) return type.trim();
  return { ...rest, type: type.trim(), ...(said ? { description: said } : {}) };
}

/** What two people changed of the same product. */
export interface Conflict {
  /** What the other alone has changed: it is taken over. */
  readonly taken: readonly Field[];
  /** What both have changed, each otherwise: a person decides. */
  readonly disputed: readonly Field[];
  /** The form with all that the other alone has changed. */
  readonly merged: Draft;
}

export function findConflict(base: Draft, mine: Draft, theirs: Draft): Conflict {
  const changed = listChanged(base, theirs);
  const taken = changed.filter((field) => isSame(base, mine, field));
  const disputed = changed.filter((field) => !isSame(base, mine, field) && !isSame(mine, theirs, field));
  return { taken, disputed, merged: takeFields(mine, theirs, taken) };
}

export function takeFields(mine: Draft, theirs: Draft, fields: readonly Field[]): Draft {
  return { ...mine, ...Object.fromEntries(fields.map((field) => [field, theirs[field]])) };
}

/** Return what a field holds as text, for people who compare two of them. */
export function describeField(draft: Draft, field: Field): string {
  if (field !== "columns") return draft[field] || "(empty)";
  return draft.columns.map((each) => `${each.name} ${each.type}${each.description && `: ${each.description}`}`).join("\n");
}

/** Return the field of the form that an error of the API is about; null if it is about none of them. */
export function findField(path: string): Field | null {
  if (path === "output_port.format") return "format";
  const part = path.split(".")[0];
  const found = (Object.keys(PARTS) as Field[]).find((field) => PARTS[field] === part);
  return found ?? null;
}
