/** Home: what is there, what changed, what fails, and what much depends on. */
import { useApi } from "../api/use.ts";
import type { Jobs } from "../api/jobs.ts";
import type { Changes, Rank } from "../api/types.ts";
import { ChangeList, isUnchanged } from "../components/changes.tsx";
import { JobLink, StateBadge } from "../components/jobs.tsx";
import { ProductLink, QualityBadge } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatAge, formatCount } from "../format.ts";
import { asOf, linkTo } from "../location.ts";
import { daysBefore } from "../moments.ts";
import { findProducts } from "../search/find.ts";
import { useAsked } from "../api/use.ts";
import { useTitle } from "../title.ts";

/** The week before a moment. */
function weekBefore(moment: string): { since: string; until: string | null } {
  return { since: daysBefore(moment, 7, new Date()).toISOString(), until: moment || null };
}

export function HomePage() {
  useTitle("");
  return (
    <>
      <h1>What data is there?</h1>
      <p class="lead">Search by what you look for: a name, a column, a tag, an owner. Or begin with a domain.</p>
      <Domains />
      <div class="columns">
        <Failing />
        {!asOf.value && <FailingJobs />}
        <DependedUpon />
        <LatelyChanged />
      </div>
    </>
  );
}

function Domains() {
  const asked = useApi<Record<string, number>>(["analytics", "domains"], { as_of: asOf.value });
  return (
    <section aria-labelledby="domains">
      <h2 id="domains">Domains</h2>
      <Result asked={asked} what="domains">
        {(counts) => {
          const domains = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
          if (domains.length === 0) {
            return asOf.value ? (
              <Empty>Nothing was registered at that moment.</Empty>
            ) : (
              <Empty>Nothing is registered yet. The documentation below shows how a product is registered.</Empty>
            );
          }
          return (
            <ul class="cards">
              {domains.map(([domain, count]) => (
                <li key={domain}>
                  <a href={linkTo(["d", domain])}>
                    <strong>{domain}</strong> <span>{formatCount(count, "product")}</span>
                  </a>
                </li>
              ))}
            </ul>
          );
        }}
      </Result>
    </section>
  );
}

function Failing() {
  const query = { q: "", quality: "failed", limit: 5, as_of: asOf.value };
  const asked = useAsked(`failing ${asOf.value}`, (signal) => findProducts(query, signal));
  return (
    <section aria-labelledby="failing">
      <h2 id="failing">Checks that fail</h2>
      <Result asked={asked} what="results of checks">
        {({ total, results }) =>
          total === 0 ? (
            <Empty>No product's last check has failed.</Empty>
          ) : (
            <>
              <ul>
                {results.map((each) => (
                  <li key={each.name}>
                    <ProductLink name={each.name} /> <QualityBadge quality="failed" />
                  </li>
                ))}
              </ul>
              {total > results.length && <a href={linkTo(["search"], { quality: "failed" })}>All {total}</a>}
            </>
          )
        }
      </Result>
    </section>
  );
}

/** Runs are those of now: of a moment in the past nothing is said. */
function FailingJobs() {
  const asked = useApi<Jobs>(["api", "v1", "jobs"], { lastRunStates: "FAILED", limit: 5 });
  return (
    <section aria-labelledby="failing-jobs">
      <h2 id="failing-jobs">Jobs that fail</h2>
      <Result asked={asked} what="jobs">
        {({ jobs, totalCount }) =>
          jobs.length === 0 ? (
            <Empty>No job's last run has failed.</Empty>
          ) : (
            <>
              <ul>
                {jobs.map((job) => (
                  <li key={`${job.namespace} ${job.name}`}>
                    <JobLink job={job} /> <StateBadge state="FAILED" />{" "}
                    {job.latestRun && <span class="note">{formatAge(job.latestRun.updatedAt, new Date())}</span>}
                  </li>
                ))}
              </ul>
              {totalCount > jobs.length && <a href={linkTo(["jobs"], { state: "FAILED" })}>All {totalCount}</a>}
            </>
          )
        }
      </Result>
    </section>
  );
}

function DependedUpon() {
  const asked = useApi<Rank[]>(["analytics", "top-products"], { limit: 5, as_of: asOf.value });
  return (
    <section aria-labelledby="depended">
      <h2 id="depended">Most depended upon</h2>
      <Result asked={asked} what="ranking">
        {(ranks) => {
          const reached = ranks.filter((each) => each.reach > 0);
          if (reached.length === 0) return <Empty>No lineage is registered yet.</Empty>;
          return (
            <ol class="ranks">
              {reached.map((each) => (
                <li key={each.name}>
                  <ProductLink name={each.name} /> <span>{formatCount(each.reach, "product")} behind it</span>
                </li>
              ))}
            </ol>
          );
        }}
      </Result>
    </section>
  );
}

function LatelyChanged() {
  const asked = useApi<Changes>(["changes"], { ...weekBefore(asOf.value), limit: 5 });
  return (
    <section aria-labelledby="changed">
      <h2 id="changed">Changed within a week</h2>
      <Result asked={asked} what="changes">
        {(changes) =>
          isUnchanged(changes) ? (
            <Empty>Nothing has changed.</Empty>
          ) : (
            <>
              <ChangeList changes={changes} brief />
              <a href={linkTo(["changes"])}>All changes</a>
            </>
          )
        }
      </Result>
    </section>
  );
}
