/** The registry itself: its sizes against its limits, its schedule, and how it is used. */
import { askText } from "../api/client.ts";
import { useApi, useAsked } from "../api/use.ts";
import { Meter, Sparkline } from "../components/figures.tsx";
import { Empty, Result } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { formatBytes, formatCount, formatDuration, formatMoment } from "../format.ts";
import { findSample, parseSamples, type Sample } from "../metrics.ts";
import { useTitle } from "../title.ts";

interface Health {
  status: string;
  version: string;
  build: string;
  total_products: number;
  total_lineage_entries: number;
}
interface RouteUsage {
  route: string;
  requests: number;
  client_errors: number;
  server_errors: number;
  p50_ms: number | null;
  p99_ms: number | null;
}
interface Usage {
  day: string;
  total: RouteUsage;
  routes: RouteUsage[];
}
interface Snapshot {
  at: string;
  products: { total: number; stale: { count: number }; stale_days: number; complete: Record<string, number> };
  lineage: { total: number; mean_confidence: number | null; orphans: { count: number }; cycles: number };
  storage: Record<"products" | "lineage", { revision: number; bytes: number }>;
  usage: Usage | null;
}
interface EventStatus {
  waiting: number;
  dead_letters: number;
  lag_seconds: number;
  derived_at: string | null;
}
interface Trend {
  points: { date: string; value: number | null }[];
}

const DAYS = 30;
const DOCUMENTS = [
  ["products.json", "Bytes of products"],
  ["lineage.json", "Bytes of lineage"],
] as const;
const TRENDS = [
  ["products.total", "Products"],
  ["lineage.total", "Lineage entries"],
  ["storage.products.bytes", "Stored bytes of products"],
  ["usage.total.requests", "Requests"],
] as const;

export function HealthPage() {
  useTitle("Health of the registry");
  return (
    <>
      <h1>Health of the registry</h1>
      <div class="columns">
        <Service />
        <Sizes />
      </div>
      <Events />
      <LastRun />
      <Trends />
    </>
  );
}

function Service() {
  const asked = useApi<Health>(["health"]);
  return (
    <section aria-labelledby="service">
      <h2 id="service">Service</h2>
      <Result asked={asked} what="health">
        {(health) => (
          <dl class="facts-list">
            <dt>State</dt>
            <dd>
              <span class="badge passed">
                <span aria-hidden="true">✓</span> {health.status}
              </span>
            </dd>
            <dt>Version</dt>
            <dd>{health.version}</dd>
            <dt>Build</dt>
            <dd>
              <code>{health.build.slice(0, 12)}</code>
            </dd>
          </dl>
        )}
      </Result>
    </section>
  );
}

function Sizes() {
  const asked = useAsked("metrics", (signal) => askText(["metrics"], signal));
  return (
    <section aria-labelledby="sizes">
      <h2 id="sizes">Sizes</h2>
      <Result asked={asked} what="metrics">
        {(text) => <Limits samples={parseSamples(text)} />}
      </Result>
    </section>
  );
}

function Limits({ samples }: { samples: readonly Sample[] }) {
  const age = findSample(samples, "datamesh_snapshot_age_seconds");
  const isTold = (document: string) => findSample(samples, "datamesh_document_bytes", { document }) !== null;
  return (
    <dl class="facts-list">
      <dt>Products</dt>
      <dd>
        <Meter value={findSample(samples, "datamesh_products")} limit={findSample(samples, "datamesh_products_limit")} what="Products" />
      </dd>
      <dt>Lineage entries</dt>
      <dd>
        <Meter
          value={findSample(samples, "datamesh_lineage_entries")}
          limit={findSample(samples, "datamesh_lineage_entries_limit")}
          what="Lineage entries"
        />
      </dd>
      {DOCUMENTS.filter(([document]) => isTold(document)).map(([document, title]) => (
        <>
          <dt>{title}</dt>
          <dd>
            <Meter
              value={findSample(samples, "datamesh_document_bytes", { document })}
              limit={findSample(samples, "datamesh_document_bytes_limit", { document })}
              what={title}
              format={formatBytes}
            />
          </dd>
        </>
      ))}
      {samples
        .filter((each) => each.name === "datamesh_revision")
        .map((each) => (
          <>
            <dt>Commits to {each.labels["document"]}</dt>
            <dd>{each.value.toLocaleString("en")}</dd>
          </>
        ))}
      <dt>Last scheduled run</dt>
      <dd>{age === null ? "None is known" : `${formatDuration(age * 1000)} ago`}</dd>
    </dl>
  );
}

function Events() {
  const asked = useApi<EventStatus>(["openlineage", "status"]);
  return (
    <section aria-labelledby="events">
      <h2 id="events">Events of pipelines</h2>
      <Result asked={asked} what="events">
        {({ waiting, dead_letters, lag_seconds, derived_at }) => (
          <dl class="facts-list">
            <dt>Waiting</dt>
            <dd>{waiting === 0 ? "none" : formatCount(waiting, "event")}</dd>
            <dt>Not derived</dt>
            <dd>
              {dead_letters === 0 ? "none" : <strong class="warning">▲ {formatCount(dead_letters, "event")}, which an operator has to look at</strong>}
            </dd>
            <dt>Last derived</dt>
            <dd>{derived_at === null ? "no event yet" : `${formatMoment(derived_at)}, ${formatDuration(lag_seconds * 1000)} after it came in`}</dd>
          </dl>
        )}
      </Result>
    </section>
  );
}

function LastRun() {
  const asked = useApi<Snapshot>(["analytics", "snapshot"]);
  return (
    <section aria-labelledby="snapshot">
      <h2 id="snapshot">As the last scheduled run found it</h2>
      <Result asked={asked} what="snapshot">
        {(snapshot) => (
          <>
            <p>
              {formatMoment(snapshot.at)}: {formatCount(snapshot.products.total, "product")} in{" "}
              {formatBytes(snapshot.storage.products.bytes)}, {formatCount(snapshot.lineage.total, "lineage entry", "lineage entries")} in{" "}
              {formatBytes(snapshot.storage.lineage.bytes)} (stored, compressed).
            </p>
            <ul>
              <li>
                {formatCount(snapshot.products.stale.count, "product")} unchanged for more than{" "}
                {formatCount(snapshot.products.stale_days, "day")}
              </li>
              <li>{formatCount(snapshot.lineage.orphans.count, "product")} without lineage</li>
              <li>{formatCount(snapshot.lineage.cycles, "cycle")} in the lineage</li>
              {Object.entries(snapshot.products.complete).map(([part, count]) => (
                <li key={part}>
                  {count.toLocaleString("en")} of {formatCount(snapshot.products.total, "product")} with {part}
                </li>
              ))}
            </ul>
            {snapshot.usage ? <UsageTable usage={snapshot.usage} /> : <Empty>Nothing counts requests here, so usage is unknown.</Empty>}
          </>
        )}
      </Result>
    </section>
  );
}

function UsageTable({ usage }: { usage: Usage }) {
  return (
    <Table caption={`Usage on ${usage.day}`} headings={["Route", "Requests", "Refused", "Failed", "Half within", "99 % within"]}>
      {[usage.total, ...usage.routes].map((each) => (
        <tr key={each.route}>
          <th scope="row">{each.route}</th>
          <td class="number">{each.requests.toLocaleString("en")}</td>
          <td class="number">{each.client_errors.toLocaleString("en")}</td>
          <td class="number">{each.server_errors.toLocaleString("en")}</td>
          <td class="number">{each.p50_ms !== null && `${Math.round(each.p50_ms)} ms`}</td>
          <td class="number">{each.p99_ms !== null && `${Math.round(each.p99_ms)} ms`}</td>
        </tr>
      ))}
    </Table>
  );
}

function Trends() {
  return (
    <section aria-labelledby="trends">
      <h2 id="trends">The last {DAYS} days</h2>
      <ul class="cards">
        {TRENDS.map(([metric, title]) => (
          <li key={metric}>
            <strong>{title}</strong>
            <OneTrend metric={metric} title={title} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneTrend({ metric, title }: { metric: string; title: string }) {
  const since = new Date(Date.now() - DAYS * 86_400_000).toISOString().slice(0, 10);
  const asked = useApi<Trend>(["analytics", "trends"], { metric, since });
  return (
    <Result asked={asked} what="trend">
      {({ points }) => {
        const known = points.flatMap(({ date, value }) => (value === null ? [] : [{ date, value }]));
        return known.length === 0 ? <p class="note">Nothing is known yet</p> : <Sparkline points={known} title={title} />;
      }}
    </Result>
  );
}
