import assert from "node:assert/strict";
import { test } from "node:test";
import { daysBefore, momentOf, STEPS, stepOf } from "../src/moments.ts";

const BEGIN = "2026-01-01T00:00:00.500000Z";
const NOW = new Date("2026-01-03T07:20:01Z"); // 199,200 seconds later

test("a slider leads from the registration to the present", () => {
  assert.equal(momentOf(0, BEGIN, NOW), "2026-01-01T00:00:01Z");
  assert.equal(momentOf(1, BEGIN, NOW), "2026-01-01T00:16:37Z");
  assert.equal(momentOf(STEPS, BEGIN, NOW), null);
});

test("the slider stands where the address says", () => {
  assert.equal(stepOf("", BEGIN, NOW), STEPS);
  assert.equal(stepOf("no moment", BEGIN, NOW), STEPS);
  assert.equal(stepOf("2025-01-01T00:00:00Z", BEGIN, NOW), 0);
  for (const step of [0, 1, 77, 199]) assert.equal(stepOf(momentOf(step, BEGIN, NOW)!, BEGIN, NOW), step);
});

test("days are before the moment that is looked at, or before the present", () => {
  assert.equal(daysBefore("2020-01-08T12:00:00Z", 7, NOW).toISOString(), "2020-01-01T12:00:00.000Z");
  for (const none of ["", "yesterday"]) assert.equal(daysBefore(none, 2, NOW).toISOString(), "2026-01-01T07:20:00.000Z");
});
