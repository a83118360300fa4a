/** What the API answers about checks and profiles, as far as the pages show it. */
import type { Quality } from "./types.ts";

export type CheckOutcome = "passed" | "failed" | "skipped";

export interface CheckResult {
  name: string;
  column?: string | null;
  kind: string;
  result: CheckOutcome;
  failing_rows?: number | null;
  total_rows?: number | null;
  expected?: string | null;
  reason?: string | null;
  severity?: string | null;
}
export interface QualityRun extends Quality {
  checks?: CheckResult[];
}
export interface QualityHistory {
  product: string;
  runs: QualityRun[];
  next: string | null;
}
export interface ColumnProfile {
  name: string;
  registered: string | null;
  type: string | null;
  nulls: number;
  distinct: number | null;
  distinct_is_approximate: boolean;
  min: string | null;
  max: string | null;
}
export interface Profile {
  rows: number;
  files: number;
  bytes: number;
  skipped_files?: number;
  columns: ColumnProfile[];
  failures: { assertion: string; column?: string | null }[];
}
