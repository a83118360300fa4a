/** How the products of a graph are: what their last check said, and how the last run that wrote them ended. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { ask } from "../api/client.ts";
import type { Found, Freshness, Quality } from "../api/types.ts";
import { useAsked } from "../api/use.ts";
import { formatAge } from "../format.ts";
import { asOf } from "../location.ts";
import { findProducts } from "../search/find.ts";
import { session } from "../session.ts";

/** Runs are asked of so many products, the nearest: each is a request. */
export const MOST_RUNS = 20;
const MOST_CHECKED = 100;

export interface RunState {
  readonly hasFailed: boolean;
  readonly endedAt: string;
}
export interface States {
  readonly quality: ReadonlyMap<string, Quality["status"]>;
  readonly runs: ReadonlyMap<string, RunState>;
  /** How many products' checks are known to the registry, and not here. */
  readonly hiddenChecks: number;
  /** Why no checks are shown; empty if they could be asked for. */
  readonly problem: string;
}

/** Return the run that ended last; null where none is known. */
export function chooseLastRun({ last_success: success, last_failure: failure }: Freshness): RunState | null {
  const hasFailed = failure !== null && (success === null || failure.ended_at > success.ended_at);
  const last = hasFailed ? failure : success;
  return last && { hasFailed, endedAt: last.ended_at };
}

/** Return a state in words and signs, for the third line of a box. */
export function describeState(states: States, name: string, now: Date): string {
  const quality = states.quality.get(name);
  const run = states.runs.get(name);
  return [
    quality && (quality === "passed" ? "✓ checks" : "✗ checks"),
    run && `${run.hasFailed ? "✗ run" : "✓ run"} ${formatAge(run.endedAt, now)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

export function useStates(names: readonly string[]): States {
  const moment = asOf.value;
  const checked = useAsked(`states ${moment}`, async (signal) => {
    const [failed, passed] = await Promise.all(
      ["failed", "passed"].map((quality) => findProducts({ quality, sort: "updated", limit: MOST_CHECKED, as_of: moment }, signal)),
    );
    return { data: [failed!.data, passed!.data], headers: new Headers() };
  });
  const runs = useRuns(moment ? [] : names.slice(0, MOST_RUNS));
  const pages = checked.state === "ready" ? checked.data : null;
  const problem = checked.state === "failed" ? checked.error.message : "";
  return useMemo(() => buildStates(pages ?? [], runs, problem), [pages, runs, problem]);
}

function buildStates(pages: readonly Found[], runs: ReadonlyMap<string, RunState | null>, problem: string): States {
  return {
    problem,
    quality: new Map(pages.flatMap(({ results }) => results.map(({ name, quality }) => [name, quality as Quality["status"]]))),
    runs: new Map([...runs].flatMap(([name, run]) => (run ? [[name, run] as const] : []))),
    hiddenChecks: pages.reduce((sum, { total, results }) => sum + total - results.length, 0),
  };
}

/** Each product is asked once; one that may not be seen has no state. */
function useRuns(names: readonly string[]): ReadonlyMap<string, RunState | null> {
  const [found, setFound] = useState<ReadonlyMap<string, RunState | null>>(new Map());
  useEffect(() => {
    const stop = new AbortController();
    const missing = names.filter((name) => !found.has(name));
    const answers = missing.map(async (name) => {
      const answer = await ask<Freshness>(["product", name, "freshness"], {}, stop.signal).catch(() => null);
      return [name, answer && chooseLastRun(answer.data)] as const;
    });
    Promise.all(answers).then((each) => {
      if (!stop.signal.aborted && each.length > 0) setFound((before) => new Map([...before, ...each]));
    });
    return () => stop.abort();
  }, [names.join("\n"), session.value?.key]);
  return found;
}
