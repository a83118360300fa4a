import assert from "node:assert/strict";
import { test } from "node:test";
import type { Product } from "../src/api/types.ts";
import { findConflict, findField, NEW, toChange, toDraft, toRegistration } from "../src/edit/draft.ts";

const PRODUCT: Product = {
  name: "orders",
  domain: "sales",
  owner: "ada",
  description: "Orders",
  schema: { id: "string", amount: "decimal" },
  columns: [
    { name: "id", type: "string", description: "Who", primary_key: 1 },
    { name: "amount", type: "decimal" },
  ],
  status: "active",
  version: "1.0.0",
  tags: ["gold"],
  openlineage: [],
  output_port: { location: "domains/sales/orders/", format: "csv", partitions: ["day"] },
  quality: null,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};
const draft = toDraft(PRODUCT);

test("only what differs is sent, and what a form does not show stays", () => {
  assert.deepEqual(toChange(draft, PRODUCT), {});
  assert.deepEqual(toChange({ ...draft, tags: "gold, , raw", title: "T" }, PRODUCT), { tags: ["gold", "raw"], title: "T" });
  assert.deepEqual(toChange({ ...draft, format: "parquet" }, PRODUCT), {
    output_port: { location: "domains/sales/orders/", format: "parquet", partitions: ["day"] },
  });
  assert.deepEqual(toChange({ ...draft, location: "" }, PRODUCT), { output_port: null });
});

test("a column keeps its key and its description when another is changed", () => {
  const columns = [draft.columns[0]!, { name: "amount", type: "double", description: "Euro" }];
  assert.deepEqual(toChange({ ...draft, columns }, PRODUCT), {
    schema: {
      id: { type: "string", description: "Who", primary_key: 1 },
      amount: { type: "double", description: "Euro" },
    },
  });
});

test("a new product sends what was written", () => {
  const written = { ...NEW, name: "a", domain: "b", owner: "c", description: "d", columns: [{ name: "x", type: "date", description: "" }] };
  assert.deepEqual(toRegistration(written), {
    name: "a",
    domain: "b",
    owner: "c",
    description: "d",
    status: "active",
    version: "1.0.0",
    tags: [],
    schema: { x: "date" },
  });
});

test("what the other alone has changed is taken over, what both have is disputed", () => {
  const mine = { ...draft, owner: "me", description: "mine", version: "2.0.0" };
  const theirs = { ...draft, owner: "them", tags: "raw", version: "2.0.0" };
  const { taken, disputed, merged } = findConflict(draft, mine, theirs);
  assert.deepEqual([taken, disputed], [["tags"], ["owner"]]);
  assert.deepEqual(merged, { ...mine, tags: "raw" });
});

test("errors find the field of the form", () => {
  const paths = ["owner", "output_port.location", "output_port.format", "schema.id.type", "sla.freshness", ""];
  assert.deepEqual(paths.map(findField), ["owner", "location", "format", "columns", null, null]);
});
