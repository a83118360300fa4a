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

/** Return the parameters of the API for filters; two on one parameter cannot both be asked, the later one wins. */
export function toParameters(filters: readonly Filter[]): Record<string, string> {
  return Object.fromEntries(filters.map(({ column, operator, value }) => [column + operator, value]));
}

export function describeFilter({ column, operator, value }: Filter): string {
  const sign = OPERATORS.find(([known]) => known === operator)![1];
  return `${column} ${sign.split(" (")[0]} ${value}`;
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
