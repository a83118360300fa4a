/** Impact as a list of people: who owns what is made of a product, and whom to write to before it changes. */
import { ask, askFile, saveFile, type Values } from "../api/client.ts";
import { useApi, useAsked } from "../api/use.ts";
import type { Impact, Product } from "../api/types.ts";
import { formatCount } from "../format.ts";
import { findAddresses, listOwners, type OwnerOfMany, MOST_CONTACTS } from "../graph/owners.ts";
import { linkHere } from "../location.ts";
import { OwnerLink, ProductLink } from "./product.tsx";
import { Empty, Result } from "./states.tsx";

const MOST_NAMED = 10;

export function People({ name, filters }: { name: string; filters: Values }) {
  const asked = useApi<Impact>(["lineage", "impact", name], filters);
  const save = async () => {
    const { data } = await askFile(["lineage", "impact", name], { ...filters, format: "csv" });
    saveFile(data, `${name}-impact.csv`);
  };
  return (
    <section aria-labelledby="people">
      <h2 id="people">Whom does a change concern?</h2>
      <Result asked={asked} what="people">
        {(impact) =>
          impact.total === 0 ? (
            <Empty>Nothing that is registered is made of it, within the filters.</Empty>
          ) : (
            <>
              <OwnerList impact={impact} asOf={String(filters["as_of"] ?? "")} />
              <button type="button" onClick={save}>
                Save as CSV
              </button>
            </>
          )
        }
      </Result>
      <p>
        <a href={linkHere({ show: null })}>Hide the people</a>
      </p>
    </section>
  );
}

function OwnerList({ impact, asOf }: { impact: Impact; asOf: string }) {
  const owners = listOwners(impact);
  const nearest = impact.groups
    .flatMap(({ products }) => products)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_CONTACTS)
    .map(({ name }) => name);
  const asked = useAsked<Map<string, Product>>(JSON.stringify([nearest, asOf]), async (signal) => {
    const answers = nearest.map(async (name) => ask<Product>(["product", name], { as_of: asOf }, signal).catch(() => null));
    const found = (await Promise.all(answers)).flatMap((each) => (each ? [[each.data.name, each.data] as const] : []));
    return { data: new Map(found), headers: new Headers() };
  });
  const products = asked.state === "ready" ? asked.data : new Map<string, Product>();
  const addresses = findAddresses(owners, products.values());
  const rest = impact.total - nearest.length;
  return (
    <>
      <p role="status">
        {formatCount(owners.length, "owner")} of {formatCount(impact.total, "product")} that {impact.total === 1 ? "is" : "are"} made of it, directly or not.{" "}
        {rest > 0 && `Contacts are told of the nearest ${nearest.length}; of ${rest} more the owners alone. `}
        {impact.truncated && "There are more than one answer holds. "}
        {addresses.length > 0 && <a href={`mailto:?bcc=${addresses.map(encodeURIComponent).join(",")}`}>Write to {formatCount(addresses.length, "address", "addresses")}</a>}
      </p>
      <ul class="people">
        {owners.map((each) => (
          <Person key={each.owner} owner={each} products={products} />
        ))}
      </ul>
    </>
  );
}

function Person({ owner: { owner, products: owned }, products }: { owner: OwnerOfMany; products: ReadonlyMap<string, Product> }) {
  const contacts = owned.flatMap(({ name }) => products.get(name)?.contacts ?? []);
  const distinct = [...new Map(contacts.map((each) => [JSON.stringify(each), each])).values()];
  return (
    <li>
      <OwnerLink name={owner} />
      {": "}
      {owned.slice(0, MOST_NAMED).map(({ name, distance }, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <ProductLink name={name} /> <span class="note">({formatCount(distance, "hop")})</span>
        </span>
      ))}
      {owned.length > MOST_NAMED && ` and ${formatCount(owned.length - MOST_NAMED, "more", "more")}`}
      {distinct.map(({ name, role, email }) => (
        <span key={`${name} ${email}`} class="contact">
          {[name, role, email].filter(Boolean).join(", ")}
        </span>
      ))}
    </li>
  );
}
