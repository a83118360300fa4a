/** A run of a job, with all that it told. */
import type { Run } from "../api/jobs.ts";
import { useApi } from "../api/use.ts";
import { Facets, StateBadge } from "../components/jobs.tsx";
import { Result } from "../components/states.tsx";
import { formatDuration, formatMoment } from "../format.ts";
import { linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

export function RunPage({ name: id }: { name: string }) {
  useTitle(`Run ${id}`);
  const asked = useApi<Run>(["api", "v1", "jobs", "runs", id]);
  return (
    <>
      <p class="facts">
        <a href={linkTo(["jobs"])}>All jobs</a>
      </p>
      <h1>
        <span class="kind">Run</span> {id}
      </h1>
      <Result asked={asked} what="run">
        {(run) => (
          <>
            <dl class="facts-list">
              <dt>State</dt>
              <dd>
                <StateBadge state={run.state} />
              </dd>
              {moments(run).map(([title, moment]) => (
                <>
                  <dt>{title}</dt>
                  <dd>{moment}</dd>
                </>
              ))}
            </dl>
            <Facets facets={run.facets} />
          </>
        )}
      </Result>
    </>
  );
}

function moments(run: Run): (readonly [string, string])[] {
  const found = [
    ["Due", run.nominalStartTime && formatMoment(run.nominalStartTime)],
    ["Began", run.startedAt && formatMoment(run.startedAt)],
    ["Ended", run.endedAt && formatMoment(run.endedAt)],
    ["Took", typeof run.durationMs === "number" && formatDuration(run.durationMs)],
    ["Last told", formatMoment(run.updatedAt)],
  ] as const;
  return found.filter((each): each is readonly [typeof each[0], string] => Boolean(each[1]));
}
