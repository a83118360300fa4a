/** Search: products with what matched, and facets with their counts. */
import { useAsked } from "../api/use.ts";
import type { Found, FoundProduct } from "../api/types.ts";
import { DomainLink, OwnerLink, ProductLink, QualityBadge, StatusBadge, Tags } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatCount } from "../format.ts";
import { asOf, first, go, linkHere, linkTo } from "../location.ts";
import { findProducts } from "../search/find.ts";
import { useTitle } from "../title.ts";

const LIMIT = 20;
const MOST_VALUES = 8;
/** How many values the registry counts of a facet. */
const MOST_COUNTED = 50;
/** Parameter of the API -> what people read. */
const ORDERS = [
  ["", "best first"],
  ["name", "by name"],
  ["updated", "changed last"],
] as const;
const FACETS = ["domain", "owner", "tag", "status", "quality", "type"] as const;

export function SearchPage() {
  const q = first("q");
  const chosen = Object.fromEntries(FACETS.map((facet) => [facet, first(facet)]));
  const values = { q, ...chosen, sort: first("sort"), cursor: first("cursor"), limit: LIMIT, as_of: asOf.value };
  const asked = useAsked(JSON.stringify(values), (signal) => findProducts(values, signal));
  useTitle(q ? `Search: ${q}` : "Search");
  return (
    <>
      <h1>{q ? <>Results for “{q}”</> : "All products"}</h1>
      <Result asked={asked} what="results">
        {(found) => (
          <div class={hasFacets(found, chosen) ? "with-aside" : undefined}>
            <aside aria-label="Filters">
              {FACETS.map((facet) => (
                <Facet key={facet} facet={facet} found={found} chosen={chosen[facet] ?? ""} />
              ))}
            </aside>
            <Results found={found} narrowed={Boolean(q || first("cursor") || FACETS.some((facet) => chosen[facet]))} />
          </div>
        )}
      </Result>
    </>
  );
}

/** Tell whether there is anything to filter by, or a filter to take away. */
function hasFacets(found: Found, chosen: Record<string, string>): boolean {
  return FACETS.some((facet) => chosen[facet] || (found.facets[facet]?.length ?? 0) > 1);
}

function Facet({ facet, found, chosen }: { facet: string; found: Found; chosen: string }) {
  const counts = (found.facets[facet] ?? []).filter(({ value }) => value.toLowerCase() !== chosen.toLowerCase());
  if (!chosen && counts.length < 2) return null;
  return (
    <details open>
      <summary>{facet}</summary>
      <ul>
        {chosen && (
          <li>
            <a href={linkHere({ [facet]: null, cursor: null })} aria-label={`Any ${facet}, not only ${chosen}`}>
              <strong>{chosen}</strong> <span aria-hidden="true">×</span>
            </a>
          </li>
        )}
        {counts.slice(0, MOST_VALUES).map(({ value, count }) => (
          <li key={value}>
            <a href={linkHere({ [facet]: value, cursor: null })}>
              {value} <span class="count">{count}</span>
            </a>
          </li>
        ))}
      </ul>
      {counts.length > MOST_VALUES && <p class="note">
          and {counts.length >= MOST_COUNTED - 1 && "at least "}
          {counts.length - MOST_VALUES} more
        </p>}
    </details>
  );
}

function Results({ found, narrowed }: { found: Found; narrowed: boolean }) {
  if (found.results.length === 0 && !narrowed) {
    return <Empty>{asOf.value ? "Nothing was registered at that moment." : "Nothing is registered yet that you may see."}</Empty>;
  }
  if (found.results.length === 0) {
    return (
      <Empty>
        Nothing was found. Try fewer or shorter words, or take a filter away. <a href={linkTo(["search"])}>Show all products</a>
      </Empty>
    );
  }
  return (
    <div>
      <div class="filters">
        <p role="status">{formatCount(found.total, "product")}</p>
        <label>
          Order{" "}
          <select value={first("sort")} onChange={(event) => go(linkHere({ sort: event.currentTarget.value, cursor: null }))}>
            {ORDERS.map(([order, title]) => (
              <option key={order} value={order}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ol class="results">
        {found.results.map((each) => (
          <Hit key={each.name} product={each} />
        ))}
      </ol>
      {found.next_cursor && <a href={linkHere({ cursor: found.next_cursor })}>Next page</a>}
    </div>
  );
}

function Hit({ product }: { product: FoundProduct }) {
  const shown = product.matched.filter(({ field }) => !["name", "description", "domain", "owner"].includes(field));
  return (
    <li>
      <h2>
        <ProductLink name={product.name} /> {product.title && <span class="note">{product.title}</span>}
      </h2>
      <p class="text clamped">{product.description}</p>
      {shown.length > 0 && (
        <p class="matched">
          {shown.map(({ field, text, column }) => (
            <span key={`${field} ${text} ${column}`}>
              {field.replace("_", " ")} {column} <mark>{text}</mark>
            </span>
          ))}
        </p>
      )}
      <p class="facts">
        <DomainLink name={product.domain} />
        <OwnerLink name={product.owner} />
        <StatusBadge status={product.status} />
        {product.quality !== "unknown" && <QualityBadge quality={product.quality} />}
      </p>
      <Tags tags={product.tags} />
    </li>
  );
}
