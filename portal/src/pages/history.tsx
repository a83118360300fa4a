/** What changed of a product, and the product at an earlier moment. */
import { ProductHead } from "../components/product.tsx";
import { asOf, go, linkHere } from "../location.ts";
import { useTitle } from "../title.ts";
import { ChangesOfSpan } from "./changes.tsx";

export function HistoryPage({ name }: { name: string }) {
  useTitle(`History of ${name}`);
  const look = (event: Event) => {
    const moment = (event.currentTarget as HTMLInputElement).value;
    go(linkHere({ as_of: moment ? `${moment.slice(0, 16)}:00Z` : null }));
  };
  return (
    <>
      <ProductHead name={name} here="history" />
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Look at all pages as of (UTC){" "}
          <input type="datetime-local" value={asOf.value.slice(0, 16)} onChange={look} />
        </label>
      </form>
      <h2>What changed</h2>
      <ChangesOfSpan values={{ product: name }} />
    </>
  );
}
