import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, { window: { sessionStorage: { getItem: () => null } } });
const { isEndOfSession } = await import("../src/session.ts");
const { isKept, keep, takeKept } = await import("../src/edit/kept.ts");

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
