import assert from "node:assert/strict";
import { test } from "node:test";

const stored = new Map<string, string>();
const sessionStorage = {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, value: string) => stored.set(name, value),
  removeItem: (name: string) => stored.delete(name),
};
Object.assign(globalThis, { window: { sessionStorage } });
const { isEndOfSession } = await import("../src/session.ts");
const { carryOver, isKept, keep, takeKept } = await import("../src/edit/kept.ts");

test("a role that is missing ends no session, whatever words the registry has for it", () => {
  const words = "'key:etl' may not do this: it needs the role steward in the domain 'tokens'";
  assert.ok(!isEndOfSession(403, words));
  assert.ok(!isEndOfSession(404, "Forbidden"));
  assert.ok(isEndOfSession(403, "Forbidden"));
  assert.ok(isEndOfSession(401, "Unauthorized"));
});

test("a form that was left when a sign-in ended is given back once, to the same person or, after a refusal, to the next", () => {
  keep("edit orders", "key:ann", { draft: 1 });
  assert.ok(isKept("edit orders"));
  assert.equal(takeKept("new", "key:ann"), null);
  assert.deepEqual(takeKept("edit orders", "key:ann"), { draft: 1 });
  assert.equal(takeKept("edit orders", "key:ann"), null);
  keep("edit orders", "key:ann", { draft: 2 });
  assert.equal(takeKept("edit orders", "key:bob"), null);
  assert.ok(!isKept("edit orders"));
  keep("edit orders", null, { draft: 3 });
  assert.deepEqual(takeKept("edit orders", "key:ann-2"), { draft: 3 });
});

test("what is kept outlives the way to the provider and back, and stays in no storage after that", async () => {
  carryOver();
  assert.equal(stored.size, 0);
  keep("new", null, { name: "half_done" });
  carryOver();
  assert.equal(stored.size, 1);
  const loaded = (await import("../src/edit/kept.ts?loaded" as string)) as { takeKept: typeof takeKept };
  assert.equal(stored.size, 0);
  assert.deepEqual(loaded.takeKept("new", "key:ann"), { name: "half_done" });
});
