/** The checks of a product over time, a check that is run now, and the profile of its data. */
import { useState } from "preact/hooks";
import type { QualityHistory, QualityRun } from "../api/checks.ts";
import { ApiError, write } from "../api/client.ts";
import type { Product } from "../api/types.ts";
import { useApi } from "../api/use.ts";
import { type CheckLine, tabulateChecks } from "../checks.ts";
import { Past } from "../components/needs.tsx";
import { Outcome } from "../components/outcome.tsx";
import { ProductHead } from "../components/product.tsx";
import { ProfileOf } from "../components/profile.tsx";
import { SinceDay, toMoment } from "../components/since.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatCount, formatMoment } from "../format.ts";
import { asOf, first, linkHere } from "../location.ts";
import { hasRole, session } from "../session.ts";
import { daysBefore } from "../moments.ts";
import { useTitle } from "../title.ts";

const LIMIT = 100;
const MOST_COLUMNS = 14;
const DAYS = 30;

export function QualityPage({ name }: { name: string }) {
  useTitle(`Quality of ${name}`);
  const asked = useApi<Product>(["product", name], { as_of: asOf.value });
  return (
    <>
      <ProductHead name={name} here="quality" product={asked.state === "ready" ? asked.data : undefined} />
      <Result asked={asked} what="product">
        {(product) => (
          <>
            <Checks product={product} />
            {product.output_port && <ProfileOf product={product} />}
          </>
        )}
      </Result>
    </>
  );
}

function Checks({ product }: { product: Product }) {
  const [latest, setLatest] = useState("");
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      <RunCheck product={product} done={setLatest} />
      <Runs key={latest} name={product.name} />
    </section>
  );
}

function RunCheck({ product, done }: { product: Product; done: (checkedAt: string) => void }) {
  const [told, tell] = useState<{ text: string; isBad: boolean }>({ text: "", isBad: false });
  const [isRunning, setRunning] = useState(false);
  if (!product.output_port) return <p class="note">It has no output port: there is no data that could be checked here.</p>;
  if (asOf.value) return <Past />;
  if (!hasRole("contributor", product.domain)) {
    return (
      <p class="note">
        Contributors of {product.domain} may run a check{session.value ? "" : ": sign in to run one"}.
      </p>
    );
  }
  const run = async () => {
    setRunning(true);
    tell({ text: "Reading the data…", isBad: false });
    try {
      const { data } = await write<QualityRun>(["domains", product.domain, product.name, "check"], { method: "POST" });
      tell({ text: data.status === "passed" ? "✓ The data has passed." : "✗ The data has failed.", isBad: data.status === "failed" });
      done(data.checked_at);
    } catch (error) {
      tell({ text: error instanceof ApiError ? error.message : String(error), isBad: true });
    } finally {
      setRunning(false);
    }
  };
  return (
    <p class="filters">
      <button type="button" onClick={run} disabled={isRunning}>
        Run a check
      </button>
      <span role="status" class={told.isBad ? "warning" : undefined}>
        {told.text}
      </span>
    </p>
  );
}

function Runs({ name }: { name: string }) {
  const since = first("since") || daysBefore(asOf.value, DAYS, new Date()).toISOString().slice(0, 10);
  const asked = useApi<QualityHistory>(["product", name, "quality"], {
    since: toMoment(since),
    until: asOf.value,
    limit: LIMIT,
    cursor: first("cursor"),
  });
  return (
    <>
      <SinceDay since={since} />
      <Result asked={asked} what="results of checks">
        {({ runs, next }) => (
          <>
            {runs.length === 0 ? (
              <Empty>No check was run since {since.slice(0, 10)}. Choose an earlier day, or run one.</Empty>
            ) : (
              <RunTable runs={runs} />
            )}
            <p class="pages">
              {first("cursor") && <a href={linkHere({ cursor: null })}>Earliest</a>}
              {next && <a href={linkHere({ cursor: next })}>Later checks</a>}
            </p>
          </>
        )}
      </Result>
    </>
  );
}

function RunTable({ runs }: { runs: readonly QualityRun[] }) {
  const shown = runs.slice(-MOST_COLUMNS);
  const failed = runs.filter((each) => each.status === "failed").length;
  return (
    <>
      <p>
        {formatCount(runs.length, "check")}, {failed === 0 ? "none failed" : `${failed} failed`}.
        {shown.length < runs.length && ` The last ${shown.length} are shown.`}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Results over time">
        <table class="outcomes">
          <caption class="hidden">Results of checks, the latest at the right</caption>
          <thead>
            <tr>
              <th scope="col">Check</th>
              {shown.map((run) => (
                <th key={run.checked_at} scope="col" class="moment-of-run">
                  {formatMoment(run.checked_at).slice(5, 16)}
                </th>
              ))}
              <th scope="col">Last result</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">All together</th>
              {shown.map((run) => (
                <td key={run.checked_at}>
                  <Outcome outcome={run.status} brief />
                </td>
              ))}
              <td>
                <Outcome outcome={shown.at(-1)!.status} />
              </td>
            </tr>
            {tabulateChecks(shown).map((line) => (
              <Line key={`${line.title} ${line.column}`} line={line} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Line({ line }: { line: CheckLine }) {
  const last = line.outcomes.findLast((each) => each !== null);
  return (
    <tr>
      <th scope="row">
        {line.title} {line.column && <code>{line.column}</code>}
      </th>
      {line.outcomes.map((outcome, index) => (
        <td key={index}>{outcome && <Outcome outcome={outcome} brief />}</td>
      ))}
      <td class="text">
        {last && <Outcome outcome={last} />} {line.said}
      </td>
    </tr>
  );
}
