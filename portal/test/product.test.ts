import assert from "node:assert/strict";
import { test } from "node:test";
import { describeColumn, describeValues, listColumns } from "../src/columns.ts";
import { countSeconds, formatPeriod } from "../src/duration.ts";

test("durations are seconds and words", () => {
  assert.equal(countSeconds("P1DT12H"), 129_600);
  assert.equal(countSeconds("PT90M"), 5_400);
  assert.equal(countSeconds("P1M"), 2_592_000);
  assert.equal(countSeconds("soon"), null);
  assert.equal(formatPeriod("P1DT12H"), "1 day 12 hours");
  assert.equal(formatPeriod("soon"), "soon");
});

test("nested columns come below what holds them, and one that nobody described has its type", () => {
  const lines = { name: "lines", type: "array", items: { name: "", type: "object", columns: [{ name: "sku", type: "string" }] } };
  const rows = listColumns({ schema: { id: "string", lines: "array" }, columns: [lines] });
  assert.deepEqual(rows.map(({ path, type }) => [path.join("."), type]), [
    ["id", "string"],
    ["lines", "array"],
    ["lines.[]", "object"],
    ["lines.[].sku", "string"],
  ]);
  assert.equal(rows[0]!.column, undefined);
});

test("what is known of a column is said in words, and many values are counted", () => {
  const column = { name: "a", type: "string", primary_key: 1, required: true, unique: false, tags: ["pii"], restricted: true };
  assert.deepEqual(describeColumn(column), ["key 1", "required", "restricted", "pii"]);
  const values = Array.from({ length: 12 }, (_, i) => i);
  const options = { min_length: 2, pattern: "^<b>", unique_items: true, max_length: null };
  assert.deepEqual(describeValues({ name: "a", type: "string", enum: values, options, physical_type: "varchar(9)" }), [
    "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more",
    "min length 2",
    "pattern ^<b>",
    "unique items",
    "stored as varchar(9)",
  ]);
});
