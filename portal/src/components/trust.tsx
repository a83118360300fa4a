/** Whether a product can be trusted: whose it is, its checks, its last run against what is promised, its contract. */
import type { Freshness, Product } from "../api/types.ts";
import { useApi } from "../api/use.ts";
import { countSeconds, formatPeriod } from "../duration.ts";
import { formatAge, formatMoment } from "../format.ts";
import { linkTo } from "../location.ts";
import { ContractFiles } from "./contract.tsx";
import { OwnerLink } from "./product.tsx";
import { Result } from "./states.tsx";

export function Trust({ product }: { product: Product }) {
  const asked = useApi<Freshness>(["product", product.name, "freshness"]);
  const { quality, contract } = product;
  return (
    <section aria-labelledby="trust">
      <h2 id="trust">Can I trust it?</h2>
      <dl class="facts-list">
        <dt>Owner</dt>
        <dd>
          <OwnerLink name={product.owner} />
        </dd>
        <dt>Status</dt>
        <dd>
          {product.status === "active" && "In use and cared for"}
          {product.status === "deprecated" && "Deprecated: do not build on it"}
          {product.status === "inactive" && "Not in use"}
        </dd>
        <dt>Checks</dt>
        <dd>
          {quality ? (
            <>
              {quality.status === "passed" ? "All passed" : "Some failed"}, {formatMoment(quality.checked_at)}
              {(quality.failures ?? []).length > 0 && (
                <ul>
                  {quality.failures!.map((each, index) => (
                    <li key={index}>
                      {each.assertion} {each.column && <code>{each.column}</code>}
                    </li>
                  ))}
                </ul>
              )}
            </>
          ) : (
            "Nobody has checked it yet"
          )}{" "}
          <a href={linkTo(["p", product.name, "quality"])}>All checks</a>
        </dd>
        <dt>Last written</dt>
        <dd>
          <Result asked={asked} what="runs">
            {(freshness) => <LastRuns freshness={freshness} promised={product.sla?.freshness ?? null} />}
          </Result>
        </dd>
        <dt>Contract</dt>
        <dd>
          {contract ? (
            <>
              {contract.id}
              {contract.version && `, version ${contract.version}`} (<abbr title="Open Data Contract Standard">ODCS</abbr> {contract.api_version})
            </>
          ) : (
            "None was agreed on; the registry writes one of what it knows"
          )}{" "}
          <ContractFiles name={product.name} />
        </dd>
        <dt>Registered</dt>
        <dd>
          {formatMoment(product.created_at)}, changed {formatAge(product.updated_at, new Date())}
        </dd>
        {product.visibility && (
          <>
            <dt>Visibility</dt>
            <dd>{product.visibility}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function LastRuns({ freshness: { last_success, last_failure }, promised }: { freshness: Freshness; promised: string | null }) {
  if (!last_success && !last_failure) return <>No run is known</>;
  const failedLast = last_failure && (!last_success || last_failure.ended_at > last_success.ended_at);
  return (
    <>
      {last_success && `${formatAge(last_success.ended_at, new Date())}, by ${last_success.job.name}`}
      {last_success && promised && <Promised endedAt={last_success.ended_at} promised={promised} />}
      {failedLast && (
        <div class="warning">
          <span aria-hidden="true">✗</span> The last run failed {formatAge(last_failure.ended_at, new Date())}
          {last_failure.error_message && `: ${last_failure.error_message}`}
        </div>
      )}
    </>
  );
}

/** Whether the last run that succeeded is as new as the service level promises. */
function Promised({ endedAt, promised }: { endedAt: string; promised: string }) {
  const seconds = countSeconds(promised);
  if (seconds === null) return null;
  const isLate = Date.now() - new Date(endedAt).getTime() > seconds * 1000;
  return (
    <div class={isLate ? "warning" : undefined}>
      <span aria-hidden="true">{isLate ? "✗" : "✓"}</span> {isLate ? "Later than" : "As"} promised: at most {formatPeriod(promised)}
    </div>
  );
}
