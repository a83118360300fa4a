import assert from "node:assert/strict";
import { test } from "node:test";
import type { QualityRun } from "../src/api/checks.ts";
import { tabulateChecks } from "../src/checks.ts";
import { formatDuration } from "../src/format.ts";
import { findSample, parseSamples } from "../src/metrics.ts";

const check = (name: string, result: "passed" | "failed" | "skipped", more = {}) => ({
  name,
  column: null,
  kind: name,
  result,
  ...more,
});
const run = (day: number, more: Partial<QualityRun>): QualityRun => ({
  status: "passed",
  checked_at: `2026-01-0${day}T00:00:00Z`,
  ...more,
});

test("checks are lines, runs are columns, and what failed last comes first", () => {
  const lines = tabulateChecks([
    run(1, { checks: [check("a", "passed"), check("b", "skipped", { reason: "no such column" })] }),
    run(2, {
      checks: [check("a", "passed"), check("c", "failed", { failing_rows: 3, total_rows: 1200, expected: "mustBe 0" })],
      failures: [
        { assertion: "c", column: null },
        { assertion: "column_is_present", column: "x" },
      ],
    }),
  ]);
  assert.deepEqual(
    lines.map(({ title, column, outcomes, said }) => [title, column, outcomes, said]),
    [
      ["c", "", [null, "failed"], "mustBe 0; 3 of 1,200 rows"],
      ["column_is_present", "x", [null, "failed"], ""],
      ["a", "", ["passed", "passed"], ""],
      ["b", "", ["skipped", null], "no such column"],
    ],
  );
});

test("of two checks of one name the one that failed is told", () => {
  const [line] = tabulateChecks([run(1, { checks: [check("a", "failed"), check("a", "passed")] })]);
  assert.deepEqual(line!.outcomes, ["failed"]);
});

test("samples of metrics are read with their labels", () => {
  const samples = parseSamples('# HELP a b\na 12.0\nb{document="x\\"y",route="GET /a"} 1e3\nno sample here at all\n');
  assert.equal(findSample(samples, "a"), 12);
  assert.equal(findSample(samples, "c"), null);
  assert.deepEqual(samples[1], { name: "b", labels: { document: 'x"y', route: "GET /a" }, value: 1000 });
});

test("durations are told as people read them", () => {
  assert.deepEqual([1234, 45_000, 120_000, 7_200_000].map(formatDuration), ["1.2 s", "45 s", "2 min", "2.0 h"]);
});
