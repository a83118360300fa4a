/** The question that a page of rows asks: filters and order, as the address of the page holds them. */

export interface Filter {
  column: string;
  operator: string;
  value: string;
}

/** Suffix of the API's parameter -> what people read. */
export const OPERATORS: readonly (readonly [string, string])[] = [
  ["", "="],
  ["_ne", "≠"],
  ["_gt", ">"],
  ["_gte", "≥"],
  ["_lt", "<"],
  ["_lte", "≤"],
  ["_contains", "contains"],
  ["_starts_with", "starts with"],
  ["_in", "one of (commas)"],
  ["_is", "is (null, not_null)"],
];

export function formatFilter({ column, operator, value }: Filter): string {
  return `${encodeURIComponent(column.toWellFormed())}|${operator}|${value}`;
}

/** Parse a filter; null for one that no page has written. */
export function parseFilter(text: string): Filter | null {
  const [column, operator, ...value] = text.split("|");
  if (!column || operator === undefined || !OPERATORS.some(([known]) => known === operator)) return null;
  try {
    return { column: decodeURIComponent(column), operator, value: value.join("|") };
  } catch {
    return null;
  }
}

/** Parameters of the API that are no filters: a column of such a name needs an operator. */
const RESERVED = new Set([
  "limit", "cursor", "columns", "order_by", "format", "as_of", "group_by", "count", "sum", "avg", "min", "max",
]);

/** Return the parameters of the API for filters, each of one parameter of its own; an empty text is asked for, too. */
export function toParameters(filters: readonly Filter[]): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    filters.flatMap(({ column, operator, value }) =>
      operatorsOf(column, operator, value).map((each) => [column + each, value === "" ? [""] : value]),
    ),
  );
}

function operatorsOf(column: string, operator: string, value: string): readonly string[] {
  if (operator !== "" || !RESERVED.has(column)) return [operator];
  return value.includes(",") ? ["_gte", "_lte"] : ["_in"];
}

/** Return filters with one more: it takes the place of one with the same column and operator, for only one can be asked. */
export function addFilter(filters: readonly string[], filter: Filter): string[] {
  const isOther = (text: string) => {
    const known = parseFilter(text);
    return known?.column !== filter.column || known.operator !== filter.operator;
  };
  return [...filters.filter(isOther), formatFilter(filter)];
}

export function describeFilter({ column, operator, value }: Filter): string {
  const sign = OPERATORS.find(([known]) => known === operator)![1];
  return `${column} ${sign.split(" (")[0]} ${value || "(empty)"}`;
}

export function quoteColumn(column: string, isDescending = false): string {
  const sign = isDescending ? "-" : "";
  return /[",]/.test(column) ? `"${(sign + column).replaceAll('"', '""')}"` : sign + column;
}

/** Return the order after a click on a column: the greatest first, then the least, then none. */
export function nextOrder(order: string, column: string): string | null {
  if (order === quoteColumn(column, true)) return quoteColumn(column);
  return order === quoteColumn(column) ? null : quoteColumn(column, true);
}
