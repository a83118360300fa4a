import assert from "node:assert/strict";
import { test } from "node:test";
import type { Product } from "../src/api/types.ts";
import { type ColumnDraft, NEW_COLUMN } from "../src/edit/column-draft.ts";
import { describeField, findConflict, findField, NEW, toChange, toDraft, toRegistration } from "../src/edit/draft.ts";

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

test("files that are no CSV any more lose the form of CSV files", () => {
  const csv = { delimiter: ";" };
  const product: Product = { ...PRODUCT, output_port: { ...PRODUCT.output_port!, csv } };
  const [moved, other] = [{ location: "domains/sales/new/" }, { format: "parquet" }].map(
    (change) => toChange({ ...toDraft(product), ...change }, product)["output_port"],
  );
  assert.deepEqual(moved, { location: "domains/sales/new/", format: "csv", partitions: ["day"], csv });
  assert.deepEqual(other, { location: "domains/sales/orders/", format: "parquet", partitions: ["day"] });
});

test("a text with a comma in it stays one", () => {
  const product: Product = { ...PRODUCT, tags: ["a, b", "gold"], glossary_terms: ['"Order", paid', '5" disk', '"q"', "Net"] };
  const drawn = toDraft(product);
  assert.deepEqual(toChange({ ...drawn, tags: `${drawn.tags}, raw`, glossary_terms: `${drawn.glossary_terms},"a""b" ,` }, product), {
    tags: ["a, b", "gold", "raw"],
    glossary_terms: ['"Order", paid', '5" disk', '"q"', "Net", 'a"b'],
  });
  assert.deepEqual(toChange({ ...drawn, tags: 'say "hi", "open, end' }, product), { tags: ['say "hi"', '"open', "end"] });
});

test("a column keeps its key and its description when another is changed", () => {
  const columns = [draft.columns[0]!, { ...NEW_COLUMN, name: "amount", type: "double", description: "Euro" }];
  assert.deepEqual(toChange({ ...draft, columns }, PRODUCT), {
    schema: {
      id: { type: "string", description: "Who", primary_key: 1 },
      amount: { type: "double", description: "Euro" },
    },
  });
});

test("a new product sends what was written", () => {
  const written = { ...NEW, name: "a", domain: "b", owner: "c", description: "d", columns: [{ ...NEW_COLUMN, name: "x", type: "date" }] };
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

test("changes of different columns are joined, those of one column are disputed", () => {
  const [id, amount] = draft.columns as [ColumnDraft, ColumnDraft];
  const added = { ...NEW_COLUMN, name: "note" };
  const mine = { ...draft, columns: [id, { ...amount, description: "mine" }] };
  const theirs = { ...draft, columns: [{ ...id, type: "integer" }, amount, added] };
  const { taken, joined, disputed, merged } = findConflict(draft, mine, theirs);
  assert.deepEqual([taken, joined, disputed], [[], ["columns"], []]);
  assert.deepEqual(merged.columns, [{ ...id, type: "integer" }, { ...amount, description: "mine" }, added]);
  assert.deepEqual(findConflict(draft, { ...draft, columns: [id] }, theirs).merged.columns, [{ ...id, type: "integer" }, added]);
  const other = { ...draft, columns: [id, { ...amount, description: "theirs" }] };
  assert.deepEqual(findConflict(draft, mine, other).disputed, ["columns"]);
  const gone = { ...draft, columns: [id] };
  assert.deepEqual(findConflict(draft, mine, gone).disputed, ["columns"]);
  const twice = { ...draft, columns: [...mine.columns, added, added] };
  assert.deepEqual(findConflict(draft, twice, theirs).disputed, ["columns"]);
});

test("errors find the field of the form", () => {
  const found = {
    owner: "owner",
    output_port: "location",
    "output_port.location": "location",
    "output_port.format": "format",
    "schema.id.type": "columns",
    "sla.latency": "latency",
    sla: "freshness",
    "support.url": "channel_url",
    "contacts.0.name": "contacts",
    "openlineage.0.name": "openlineage",
    restricted_columns: "columns",
    custom: null,
    "": null,
  };
  assert.deepEqual(Object.fromEntries(Object.keys(found).map((path) => [path, findField(path)])), found);
});

test("lists, support and service level are sent as the registry has them, and null takes them away", () => {
  const told = {
    ...draft,
    contacts: [{ name: " Ann ", role: "", email: "ann@example.com" }, { name: "", role: "", email: "" }],
    channel: "#orders",
    freshness: "PT24H",
    links: [{ title: "Runbook", url: "https://example.com" }],
    glossary_terms: "order, ",
    openlineage: [{ namespace: "s3://a", name: "b" }],
  };
  const body = {
    contacts: [{ name: "Ann", email: "ann@example.com" }],
    support: { channel: "#orders" },
    sla: { freshness: "PT24H" },
    links: [{ title: "Runbook", url: "https://example.com" }],
    glossary_terms: ["order"],
    openlineage: [{ namespace: "s3://a", name: "b" }],
  };
  assert.deepEqual(toChange(told, PRODUCT), body);
  const known = { ...PRODUCT, ...body };
  assert.deepEqual(toChange(toDraft(known), known), {});
  assert.deepEqual(toChange({ ...toDraft(known), freshness: "", channel: "", contacts: [] }, known), { contacts: [], sla: null, support: null });
  assert.deepEqual(describeField(toDraft(known), "contacts"), "Ann, ann@example.com");
});

test("nested columns and restrictions are changed, and what else is known of them stays", () => {
  const nested: Product = {
    ...PRODUCT,
    schema: { lines: "array", email: "string" },
    restricted_columns: ["email"],
    columns: [
      { name: "lines", type: "array", items: { name: "", type: "object", columns: [{ name: "sku", type: "string", required: true }] } },
      { name: "email", type: "string", restricted: true },
    ],
  };
  const before = toDraft(nested);
  assert.deepEqual(toChange(before, nested), {});
  const [lines, email] = before.columns;
  const item = lines!.inner[0]!;
  const inner = [{ ...item, inner: [{ ...item.inner[0]!, description: "Which" }, { ...NEW_COLUMN, name: "count", type: "integer" }] }];
  assert.deepEqual(toChange({ ...before, columns: [{ ...lines!, inner }, { ...email!, restricted: false }] }, nested), {
    schema: {
      lines: {
        type: "array",
        items: {
          type: "object",
          columns: [
            { name: "sku", type: "string", required: true, description: "Which" },
            { name: "count", type: "integer" },
          ],
        },
      },
      email: { type: "string", restricted: false },
    },
  });
  assert.match(describeField(before, "columns"), /lines array\n {2}each value object\n {4}sku string\nemail string, restricted/);
});
