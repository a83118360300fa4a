/** The columns of a product as a form holds them, nested ones too; what else is known of a column stays with it. */
import type { Column, Product } from "../api/types.ts";

export interface ColumnDraft {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** Only stewards read it. A nested column cannot be. */
  readonly restricted: boolean;
  /** The fields of an object; of an array, what each value is, under the name `[]`. */
  readonly inner: readonly ColumnDraft[];
}

export const ITEMS = "[]";
export const NEW_COLUMN: ColumnDraft = { name: "", type: "string", description: "", restricted: false, inner: [] };

type Described = Pick<Product, "schema" | "columns" | "restricted_columns">;

export function toColumnDrafts(product: Described): ColumnDraft[] {
  const described = new Map((product.columns ?? []).map((each) => [each.name, each]));
  const restricted = new Set(product.restricted_columns);
  return Object.entries(product.schema).map(([name, type]) => {
    const draft = toColumnDraft(described.get(name) ?? { name, type });
    return { ...draft, type, restricted: draft.restricted || restricted.has(name) };
  });
}

function toColumnDraft(column: Column): ColumnDraft {
  const items = column.items ? [{ ...toColumnDraft(column.items), name: ITEMS }] : [];
  return {
    name: column.name,
    type: column.type,
    description: column.description ?? "",
    restricted: column.restricted ?? false,
    inner: [...(column.columns ?? []).map(toColumnDraft), ...items],
  };
}

/** Return the schema that is sent: a type, or an object where more is known than that. */
export function toSchema(columns: readonly ColumnDraft[], base: Described | null): Record<string, unknown> {
  const known = new Map((base?.columns ?? []).map((each) => [each.name, each]));
  return Object.fromEntries(
    columns.filter(isFilled).map((each) => {
      const name = each.name.trim();
      const { name: _name, ...column } = toColumn(each, known.get(name));
      const wasRestricted = base?.restricted_columns?.includes(name) ?? false;
      if (each.restricted || wasRestricted) column["restricted"] = each.restricted;
      return [name, Object.keys(column).length > 1 ? column : column["type"]];
    }),
  );
}

function isFilled({ name, description, inner }: ColumnDraft): boolean {
  return name.trim() !== "" || description.trim() !== "" || inner.length > 0;
}

function toColumn({ name, type, description, inner }: ColumnDraft, known: Column | undefined): Record<string, unknown> {
  const { name: _name, description: _description, restricted: _restricted, columns = [], items, ...rest } = known ?? { name, type };
  const fields = inner.filter((each) => each.name !== ITEMS && isFilled(each));
  const item = inner.find((each) => each.name === ITEMS);
  const said = description.trim();
  return {
    ...rest,
    name: name.trim(),
    type: type.trim(),
    ...(said ? { description: said } : {}),
    ...(fields.length > 0 ? { columns: fields.map((each) => toColumn(each, columns.find((one) => one.name === each.name.trim()))) } : {}),
    ...(item ? { items: withoutName(toColumn(item, items ?? undefined)) } : {}),
  };
}

function withoutName({ name: _name, ...column }: Record<string, unknown>): Record<string, unknown> {
  return column;
}

/** Return columns with what each of two people has changed; null if both have changed one of them otherwise. */
export function joinColumns(
  base: readonly ColumnDraft[],
  mine: readonly ColumnDraft[],
  theirs: readonly ColumnDraft[],
): ColumnDraft[] | null {
  const [old, own, other] = [base, mine, theirs].map(indexByName) as [Named, Named, Named];
  // Of two columns with one name nobody can tell which is which.
  if (own.size < mine.length || other.size < theirs.length) return null;
  const joined: ColumnDraft[] = [];
  for (const name of new Set([...own.keys(), ...other.keys()])) {
    const [was, my, their] = [old, own, other].map((each) => JSON.stringify(each.get(name)));
    if (my !== was && their !== was && my !== their) return null;
    const column = my === was ? other.get(name) : own.get(name);
    if (column) joined.push(column);
  }
  return joined;
}

type Named = ReadonlyMap<string, ColumnDraft>;
const indexByName = (columns: readonly ColumnDraft[]): Named => new Map(columns.map((each) => [each.name.trim(), each]));

/** Return columns as text, a line each, for people who compare two of them. */
export function describeColumns(columns: readonly ColumnDraft[], indent = ""): string {
  return columns
    .map(({ name, type, description, restricted, inner }) => {
      const line = `${indent}${name === ITEMS ? "each value" : name} ${type}${restricted ? ", restricted" : ""}${description && `: ${description}`}`;
      return inner.length > 0 ? `${line}\n${describeColumns(inner, `${indent}  `)}` : line;
    })
    .join("\n");
}
