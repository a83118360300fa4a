/** Runs of checks as a table: a line for each check, a column for each run. */
import type { CheckOutcome, QualityRun } from "./api/checks.ts";

export interface CheckLine {
  readonly title: string;
  readonly column: string;
  /** One for each run; null where a run says nothing of this check. */
  readonly outcomes: readonly (CheckOutcome | null)[];
  /** What the latest run that says something says of it. */
  readonly said: string;
}

export const SIGNS: Record<CheckOutcome, string> = { passed: "✓", failed: "✗", skipped: "–" };

/** Return the checks of runs, those first that failed last. */
export function tabulateChecks(runs: readonly QualityRun[]): CheckLine[] {
  const found = new Map<string, { title: string; column: string; outcomes: (CheckOutcome | null)[]; said: string }>();
  runs.forEach((run, index) => {
    const put = (title: string, column: string, outcome: CheckOutcome, said: string) => {
      const id = JSON.stringify([title, column]);
      const line = found.get(id) ?? { title, column, outcomes: runs.map(() => null), said: "" };
      // Two checks of one name: the worse one is told.
      if (line.outcomes[index] !== "failed") {
        line.outcomes[index] = outcome;
        line.said = said;
      }
      found.set(id, line);
    };
    for (const each of run.checks ?? []) put(each.name, each.column ?? "", each.result, describeResult(each));
    const named = new Set((run.checks ?? []).map((each) => `${each.name}\n${each.column ?? ""}`));
    for (const each of run.failures ?? []) {
      if (!named.has(`${each.assertion}\n${each.column ?? ""}`)) put(each.assertion, each.column ?? "", "failed", "");
    }
  });
  const hasFailedLast = (line: CheckLine) => (line.outcomes.at(-1) === "failed" ? 0 : 1);
  return [...found.values()].sort((a, b) => hasFailedLast(a) - hasFailedLast(b));
}

function describeResult(each: NonNullable<QualityRun["checks"]>[number]): string {
  const rows =
    typeof each.failing_rows === "number" && each.failing_rows > 0
      ? `${each.failing_rows.toLocaleString("en")} of ${(each.total_rows ?? 0).toLocaleString("en")} rows`
      : "";
  return [each.expected, rows, each.reason].filter(Boolean).join("; ");
}
