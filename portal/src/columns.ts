/** The columns of a product as rows, nested ones below what holds them, and what is known of each in words. */
import type { Column, Product } from "./api/types.ts";
import { formatValue } from "./format.ts";

export interface ColumnRow {
  /** The names on the way to it; `[]` stands for the values of an array. */
  readonly path: readonly string[];
  readonly type: string;
  readonly column: Column | undefined;
}

export const MOST_VALUES = 10;

export function listColumns(product: Pick<Product, "schema" | "columns">): ColumnRow[] {
  const described = new Map((product.columns ?? []).map((column) => [column.name, column]));
  return Object.entries(product.schema).flatMap(([name, type]) => {
    const column = described.get(name);
    return [{ path: [name], type, column }, ...(column ? listNested([name], column) : [])];
  });
}

function listNested(path: readonly string[], column: Column): ColumnRow[] {
  const inner = [...(column.columns ?? []), ...(column.items ? [{ ...column.items, name: "[]" }] : [])];
  return inner.flatMap((each) => {
    const here = [...path, each.name];
    return [{ path: here, type: each.type, column: each }, ...listNested(here, each)];
  });
}

/** Return what is known of a column, each in a word or two. */
export function describeColumn(column: Column): string[] {
  const { primary_key: key, required, unique, deprecated, restricted, classification, tags = [] } = column;
  const words = [
    key ? `key ${key}` : "",
    required ? "required" : "",
    unique ? "unique" : "",
    deprecated ? "deprecated" : "",
    restricted ? "restricted" : "",
    classification ?? "",
    ...tags,
  ];
  return words.filter((word) => word !== "");
}

/** Return what values a column may have. */
export function describeValues({ enum: values = [], options, physical_name: name, physical_type: type }: Column): string[] {
  const shown = values.slice(0, MOST_VALUES).map(formatValue).join(", ");
  const rest = values.length - MOST_VALUES;
  const found = values.length > 0 ? [`one of ${shown}${rest > 0 ? ` and ${rest} more` : ""}`] : [];
  for (const [option, value] of Object.entries(options ?? {})) {
    if (value === null || value === false) continue;
    found.push(value === true ? option.replaceAll("_", " ") : `${option.replaceAll("_", " ")} ${formatValue(value)}`);
  }
  if (name || type) found.push(`stored as ${[name, type].filter(Boolean).join(" ")}`);
  return found;
}
