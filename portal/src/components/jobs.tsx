/** Parts that the pages about jobs and runs share. */
import type { Named, Run, RunState } from "../api/jobs.ts";
import { formatDuration, formatMoment } from "../format.ts";
import { linkTo } from "../location.ts";
import { Table } from "./table.tsx";

const SIGNS: Record<RunState, string> = { RUNNING: "▶", COMPLETED: "✓", FAILED: "✗", ABORTED: "■", NEW: "○" };
const KINDS: Partial<Record<RunState, string>> = { COMPLETED: "passed", FAILED: "failed", ABORTED: "deprecated" };

export function StateBadge({ state }: { state: RunState }) {
  return (
    <span class={`badge ${KINDS[state] ?? ""}`}>
      <span aria-hidden="true">{SIGNS[state]}</span> {state.toLowerCase()}
    </span>
  );
}

export const JobLink = ({ job }: { job: Named }) => <a href={linkTo(["jobs", job.namespace, job.name])}>{job.name}</a>;

/** Datasets by their own names: a search leads to the product that one is. */
export function Datasets({ datasets, title }: { datasets: readonly Named[]; title: string }) {
  return (
    <div>
      <h2>{title}</h2>
      {datasets.length === 0 && <p class="note">None is known</p>}
      <ul>
        {datasets.map((each) => (
          <li key={`${each.namespace} ${each.name}`}>
            <a href={linkTo(["search"], { q: each.name.slice(0, 200) })}>{each.name}</a> <span class="note">{each.namespace}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function RunTable({ runs, caption }: { runs: readonly Run[]; caption: string }) {
  return (
    <Table caption={caption} headings={["Run", "State", "Began", "Ended", "Took"]} numbers={["Took"]}>
      {runs.map((run) => (
        <tr key={run.id}>
          <th scope="row">
            <a href={linkTo(["runs", run.id])}>{run.id.slice(0, 8)}</a>
          </th>
          <td>
            <StateBadge state={run.state} />
          </td>
          <td>{formatMoment(run.startedAt ?? run.createdAt)}</td>
          <td>{run.endedAt && formatMoment(run.endedAt)}</td>
          <td class="number">{typeof run.durationMs === "number" && formatDuration(run.durationMs)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** Facets as text: they are other people's, and of any shape. */
export function Facets({ facets }: { facets: Record<string, unknown> | undefined }) {
  const found = Object.entries(facets ?? {});
  if (found.length === 0) return null;
  return (
    <section aria-labelledby="facets">
      <h2 id="facets">Facets</h2>
      {found.map(([name, value]) => (
        <details key={name}>
          <summary>{name}</summary>
          <pre tabIndex={0}>{JSON.stringify(value, null, 1).slice(0, 20_000)}</pre>
        </details>
      ))}
    </section>
  );
}

/** Return the statement of a job's `sql` facet, if it has one. */
export function findStatement(facets: Record<string, unknown> | undefined): string | null {
  const facet = facets?.["sql"];
  const query = typeof facet === "object" && facet !== null ? (facet as { query?: unknown }).query : null;
  return typeof query === "string" ? query : null;
}
