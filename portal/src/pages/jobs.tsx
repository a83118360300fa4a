/** The jobs that write and read data, those that ran last first. */
import type { Job, Jobs } from "../api/jobs.ts";
import { RUN_STATES } from "../api/jobs.ts";
import { useApi } from "../api/use.ts";
import { JobLink, StateBadge } from "../components/jobs.tsx";
import { Empty, Result } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { formatAge, formatCount } from "../format.ts";
import { first, go, linkHere, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

const LIMIT = 50;

export function JobsPage() {
  useTitle("Jobs");
  const offset = Number(first("offset")) || 0;
  const state = first("state");
  const asked = useApi<Jobs>(["api", "v1", "jobs"], { lastRunStates: state, limit: LIMIT, offset: offset || null });
  return (
    <>
      <h1>Jobs</h1>
      <div class="filters">
        <label>
          Last run{" "}
          <select value={state} onChange={(event) => go(linkHere({ state: event.currentTarget.value, offset: null }))}>
            <option value="">in any state</option>
            {RUN_STATES.map((each) => (
              <option key={each} value={each}>
                {each.toLowerCase()}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Result asked={asked} what="jobs">
        {({ jobs, totalCount }, headers) =>
          jobs.length === 0 ? (
            <Empty>
              {state ? (
                <>
                  No job's last run is in this state. <a href={linkTo(["jobs"])}>Show all jobs</a>
                </>
              ) : (
                "No job has told of itself yet. Jobs do so with events of OpenLineage."
              )}
            </Empty>
          ) : (
            <>
              <p>
                {formatCount(totalCount, "job")}
                {headers.get("X-Truncated") === "true" && "; only the 100 that ran last were looked at"}
              </p>
              <JobTable jobs={jobs} />
              <p class="pages">
                {offset > 0 && <a href={linkHere({ offset: Math.max(0, offset - LIMIT) || null })}>Before</a>}
                {offset + jobs.length < totalCount && <a href={linkHere({ offset: offset + LIMIT })}>Next</a>}
              </p>
            </>
          )
        }
      </Result>
    </>
  );
}

function JobTable({ jobs }: { jobs: readonly Job[] }) {
  return (
    <Table caption="All jobs" headings={["Job", "Namespace", "Last run", "Reads", "Writes"]}>
      {jobs.map((job) => (
        <tr key={`${job.namespace} ${job.name}`}>
          <th scope="row">
            <JobLink job={job} />
          </th>
          <td>{job.namespace}</td>
          <td>
            {job.latestRun ? (
              <>
                <StateBadge state={job.latestRun.state} />{" "}
                <span class="note">{formatAge(job.latestRun.updatedAt, new Date())}</span>
              </>
            ) : (
              <span class="note">no run is known</span>
            )}
          </td>
          <td>{listNames(job.inputs)}</td>
          <td>{listNames(job.outputs)}</td>
        </tr>
      ))}
    </Table>
  );
}

function listNames(datasets: Job["inputs"]): string {
  const shown = datasets.slice(0, 3).map((each) => each.name);
  const rest = datasets.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
