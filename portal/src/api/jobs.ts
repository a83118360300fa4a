/** What the API answers about jobs and their runs, as far as the pages show it. */

export const RUN_STATES = ["RUNNING", "COMPLETED", "FAILED", "ABORTED", "NEW"] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface Named {
  namespace: string;
  name: string;
}
export interface Run {
  id: string;
  createdAt: string;
  updatedAt: string;
  state: RunState;
  nominalStartTime?: string | null;
  startedAt?: string | null;
  endedAt?: string | null;
  durationMs?: number | null;
  args?: Record<string, unknown>;
  facets?: Record<string, unknown>;
}
export interface Job extends Named {
  type: string;
  description?: string | null;
  location?: string | null;
  parentJobName?: string | null;
  createdAt: string;
  updatedAt: string;
  inputs: Named[];
  outputs: Named[];
  latestRun?: Run | null;
  latestRuns?: Run[];
  tags?: string[];
  facets?: Record<string, unknown>;
}
export interface Jobs {
  jobs: Job[];
  totalCount: number;
}
export interface Runs {
  runs: Run[];
  totalCount: number;
}
