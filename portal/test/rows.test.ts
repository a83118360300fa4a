import assert from "node:assert/strict";
import { test } from "node:test";
import { formatQuery } from "../src/address.ts";
import { formatAge, formatBytes, formatCount, formatValue } from "../src/format.ts";
import { parseExactly } from "../src/api/exact.ts";
import { SNIPPETS } from "../src/reading.ts";
import { addFilter, describeFilter, formatFilter, nextOrder, parseFilter, toParameters } from "../src/rows.ts";

test("a filter survives the address, whatever its column and value hold", () => {
  for (const filter of [
    { column: "amount", operator: "_gte", value: "100" },
    { column: "a|b=c~", operator: "", value: "x|y~" },
    { column: "größe", operator: "_is", value: "null" },
  ]) {
    assert.deepEqual(parseFilter(formatFilter(filter)), filter);
  }
  assert.equal(parseFilter("amount|_drop|1"), null);
  assert.equal(parseFilter("amount"), null);
});

test("filters become parameters of the API, and words", () => {
  const filters = [
    { column: "amount", operator: "_gte", value: "100" },
    { column: "status", operator: "", value: "open" },
  ];
  assert.deepEqual(toParameters(filters), { amount_gte: "100", status: "open" });
  assert.deepEqual(filters.map(describeFilter), ["amount ≥ 100", "status = open"]);
});

test("a column that is called as a parameter is filtered, and so is empty text", () => {
  const equal = (column: string, value: string) => toParameters([{ column, operator: "", value }]);
  assert.deepEqual(equal("limit", "3"), { limit_in: "3" });
  assert.deepEqual(equal("format", "a,b"), { format_gte: "a,b", format_lte: "a,b" });
  assert.deepEqual(toParameters([{ column: "limit", operator: "_gt", value: "3" }]), { limit_gt: "3" });
  assert.equal(formatQuery(equal("note", "")), "?note=");
  assert.equal(describeFilter({ column: "note", operator: "", value: "" }), "note = (empty)");
});

test("of two filters with one column and operator the later one is shown, and asked", () => {
  const first = formatFilter({ column: "status", operator: "", value: "open" });
  const other = formatFilter({ column: "amount", operator: "_gt", value: "1" });
  const filters = addFilter([first, other], { column: "status", operator: "", value: "paid" });
  assert.deepEqual(filters, [other, formatFilter({ column: "status", operator: "", value: "paid" })]);
});

test("whole numbers that no double holds are shown, compared and sent with all their digits", () => {
  const text = '{"id":9007199254740993,"nested":[-9223372036854775808,1e+300,1,"9007199254740993"]}';
  const row = parseExactly(text) as Record<string, unknown>;
  assert.equal(formatValue(row["id"]), "9007199254740993");
  assert.equal(formatValue(row["nested"]), '[-9223372036854775808,1e+300,1,"9007199254740993"]');
  assert.equal(JSON.stringify(row), text);
  assert.deepEqual(parseExactly('{"id":9007199254740991}'), { id: 9007199254740991 });
});

test("a column is ordered from the greatest, from the least, then not", () => {
  assert.equal(nextOrder("", "a"), "-a");
  assert.equal(nextOrder("-a", "a"), "a");
  assert.equal(nextOrder("a", "a"), null);
  assert.equal(nextOrder("-a", "b"), "-b");
  assert.equal(nextOrder("", 'x,"y"'), '"-x,""y"""');
});

test("numbers and times are words", () => {
  assert.deepEqual([0, 999, 34_592, 1_500_000].map(formatBytes), ["0 B", "999 B", "35 KB", "1.5 MB"]);
  const now = new Date("2026-01-02T00:00:00Z");
  assert.deepEqual(
    ["2026-01-01T23:59:50Z", "2026-01-01T22:00:00Z", "2025-12-01T00:00:00Z"].map((moment) => formatAge(moment, now)),
    ["just now", "2 hours ago", "32 days ago"],
  );
  assert.deepEqual([formatCount(1, "row"), formatCount(1200, "row")], ["1 row", "1,200 rows"]);
  assert.deepEqual([formatValue(null), formatValue({ a: 1 }), formatValue("<b>")], ["null", '{"a":1}', "<b>"]);
});

test("snippets have the real address, and the key by its name alone", () => {
  for (const { write } of SNIPPETS) {
    assert.ok(write("https://api/domains/a/b", false).includes("https://api/domains/a/b?format=csv&limit=all"));
    assert.ok(!write("https://api/x", false).includes("KEY"));
    assert.match(write("https://api/x", true), /KEY/);
  }
});
