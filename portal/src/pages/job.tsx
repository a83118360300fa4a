/** A job: what it reads and writes, its statement, and its runs. */
import type { Job, Runs } from "../api/jobs.ts";
import { useApi } from "../api/use.ts";
import { Datasets, findStatement, RunTable, StateBadge } from "../components/jobs.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatMoment } from "../format.ts";
import { address, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

export function JobPage({ name: namespace }: { name: string }) {
  const job = address.value.segments[2] ?? "";
  useTitle(`Job ${job}`);
  const path = ["api", "v1", "namespaces", namespace, "jobs", job];
  const asked = useApi<Job>(path);
  const runs = useApi<Runs>([...path, "runs"], { limit: 50 });
  return (
    <>
      <p class="facts">
        <a href={linkTo(["jobs"])}>All jobs</a>
      </p>
      <h1>
        <span class="kind">Job</span> {job}
      </h1>
      <Result asked={asked} what="job">
        {(found) => <Described job={found} />}
      </Result>
      <section aria-labelledby="runs">
        <h2 id="runs">Runs</h2>
        <Result asked={runs} what="runs">
          {(found) =>
            found.runs.length === 0 ? (
              <Empty>No run is known. A job tells of its runs with events of OpenLineage.</Empty>
            ) : (
              <RunTable runs={found.runs} caption={`Runs of ${job}`} />
            )
          }
        </Result>
      </section>
    </>
  );
}

function Described({ job }: { job: Job }) {
  const statement = findStatement(job.facets);
  return (
    <>
      <p class="facts">
        <span>{job.namespace}</span>
        <span>{job.type.toLowerCase()}</span>
        {job.latestRun && <StateBadge state={job.latestRun.state} />}
        <span class="note">
          known since {formatMoment(job.createdAt)}
          {job.parentJobName && `, part of ${job.parentJobName}`}
        </span>
      </p>
      {job.description && <p class="description">{job.description}</p>}
      {job.location && <p class="note">Its code: {job.location}</p>}
      <div class="columns">
        <Datasets datasets={job.inputs} title="Reads" />
        <Datasets datasets={job.outputs} title="Writes" />
      </div>
      {statement && (
        <section aria-labelledby="statement">
          <h2 id="statement">Statement</h2>
          <div class="snippet">
            <pre tabIndex={0}>
              <code>{statement}</code>
            </pre>
          </div>
        </section>
      )}
    </>
  );
}
