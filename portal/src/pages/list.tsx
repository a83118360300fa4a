/** The products of a domain, of an owner or with a tag. */
import { useApi } from "../api/use.ts";
import type { Product } from "../api/types.ts";
import { ProductTable } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatCount } from "../format.ts";
import { address, asOf, first, linkHere } from "../location.ts";
import { useTitle } from "../title.ts";

const LIMIT = 100;
const KINDS: Record<string, { parameter: string; title: string }> = {
  d: { parameter: "domain", title: "Domain" },
  o: { parameter: "owner", title: "Owner" },
  t: { parameter: "tag", title: "Tag" },
};

export function ListPage({ name }: { name: string }) {
  const { parameter, title } = KINDS[address.value.segments[0]!]!;
  const offset = Number(first("offset")) || 0;
  useTitle(`${title} ${name}`);
  const asked = useApi<Product[]>(["products"], { [parameter]: name, limit: LIMIT, offset, as_of: asOf.value });
  return (
    <>
      <h1>
        <span class="kind">{title}</span> {name}
      </h1>
      <Result asked={asked} what="products">
        {(products, headers) => {
          const total = Number(headers.get("X-Total-Count"));
          if (products.length === 0) return <Empty>No product is there. Search above for what you miss.</Empty>;
          return (
            <>
              <p>{formatCount(total, "product")}</p>
              <ProductTable products={products} caption={`Products of ${title.toLowerCase()} ${name}`} />
              <Pages offset={offset} shown={products.length} total={total} />
            </>
          );
        }}
      </Result>
    </>
  );
}

function Pages({ offset, shown, total }: { offset: number; shown: number; total: number }) {
  return (
    <p class="pages">
      {offset > 0 && <a href={linkHere({ offset: Math.max(0, offset - LIMIT) || null })}>Before</a>}
      {offset + shown < total && <a href={linkHere({ offset: offset + LIMIT })}>Next</a>}
    </p>
  );
}
