/** One product: what it is, whose, whether it can be trusted, how it is read, and what is around it. */
import { useApi } from "../api/use.ts";
import type { Product } from "../api/types.ts";
import { About, DeprecationNote } from "../components/about.tsx";
import { Neighbours } from "../components/neighbours.tsx";
import { ProductHead, Tags } from "../components/product.tsx";
import { Reading } from "../components/reading.tsx";
import { Result } from "../components/states.tsx";
import { Trust } from "../components/trust.tsx";
import { asOf } from "../location.ts";
import { useTitle } from "../title.ts";

export function ProductPage({ name }: { name: string }) {
  useTitle(name);
  const asked = useApi<Product>(["product", name], { as_of: asOf.value });
  const product = asked.state === "ready" ? asked.data : undefined;
  return (
    <>
      <ProductHead name={name} here="" product={product} />
      <Result asked={asked} what="product">
        {(found) => (
          <>
            <DeprecationNote product={found} />
            <p class="description">{found.description}</p>
            <Tags tags={found.tags} />
            <div class="columns">
              <Trust product={found} />
              <Reading product={found} />
              <About product={found} />
            </div>
            <Neighbours name={name} />
          </>
        )}
      </Result>
    </>
  );
}
