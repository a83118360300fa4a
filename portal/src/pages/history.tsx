/** What changed of a product and by whom, and the product at an earlier moment. */
import { useState } from "preact/hooks";
import { useApi } from "../api/use.ts";
import type { Product } from "../api/types.ts";
import { ProductHead } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatMoment } from "../format.ts";
import { asOf, first, go, linkHere } from "../location.ts";
import { momentOf, STEPS, stepOf } from "../moments.ts";
import { hasRole } from "../session.ts";
import { useTitle } from "../title.ts";
import { ChangesOfSpan } from "./changes.tsx";

interface Audited {
  id: string;
  at: string;
  principal: string | null;
  route: string;
  status: number | null;
}
interface AuditPage {
  records: Audited[];
  next: string | null;
}

export function HistoryPage({ name }: { name: string }) {
  useTitle(`History of ${name}`);
  const asked = useApi<Product>(["product", name]);
  return (
    <>
      <ProductHead name={name} here="history" product={asked.state === "ready" ? asked.data : undefined} />
      <Result asked={asked} what="product">
        {(product) => <Slider begin={product.created_at} />}
      </Result>
      <h2>What changed</h2>
      <ChangesOfSpan values={{ product: name }} />
      {hasRole("admin") && <ByWhom name={name} />}
    </>
  );
}

/** The moment that all pages show: by hand, or along the life of the product. */
function Slider({ begin }: { begin: string }) {
  const [now] = useState(new Date());
  const look = (moment: string | null) => go(linkHere({ as_of: moment }));
  const step = stepOf(asOf.value, begin, now);
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Look at all pages as of (UTC){" "}
        <input
          type="datetime-local"
          value={asOf.value.slice(0, 16)}
          onChange={(event) => look(event.currentTarget.value ? `${event.currentTarget.value.slice(0, 16)}:00Z` : null)}
        />
      </label>
      <label class="slider">
        From {formatMoment(begin)} until now{" "}
        <input
          type="range"
          min={0}
          max={STEPS}
          value={step}
          aria-valuetext={asOf.value || "now"}
          onChange={(event) => look(momentOf(Number(event.currentTarget.value), begin, now))}
        />
      </label>
    </form>
  );
}

function ByWhom({ name }: { name: string }) {
  const since = first("since");
  const asked = useApi<AuditPage>(["audit"], {
    product: name,
    since: since.length === 10 ? `${since}T00:00:00Z` : since,
    until: asOf.value,
    cursor: first("cursor"),
    limit: 100,
  });
  return (
    <section aria-labelledby="by-whom">
      <h2 id="by-whom">By whom</h2>
      <Result asked={asked} what="records of the audit">
        {({ records, next }) => (
          <>
            {records.length === 0 ? (
              <Empty>Nobody has written in this time.</Empty>
            ) : (
              <ul>
                {records.map((each) => (
                  <li key={each.id}>
                    {formatMoment(each.at)}: <strong>{each.principal ?? "unknown"}</strong>, {each.route}
                    {each.status !== null && <span class="note"> answered {each.status}</span>}
                  </li>
                ))}
              </ul>
            )}
            {next && <a href={linkHere({ cursor: next })}>Later records</a>}
          </>
        )}
      </Result>
    </section>
  );
}
