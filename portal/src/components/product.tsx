/** Parts that pages about products share. */
import { useEffect, useRef } from "preact/hooks";
import type { Product, Quality, Status } from "../api/types.ts";
import { address, asOf, go, linkHere, linkTo } from "../location.ts";
import { hasRole, session } from "../session.ts";
import { Table } from "./table.tsx";

export const ProductLink = ({ name }: { name: string }) => <a href={linkTo(["p", name])}>{name}</a>;
export const DomainLink = ({ name }: { name: string }) => <a href={linkTo(["d", name])}>{name}</a>;
export const OwnerLink = ({ name }: { name: string }) => <a href={linkTo(["o", name])}>{name}</a>;

/** A status in words with a sign before it: colour is never the only one. */
export function StatusBadge({ status }: { status: Status }) {
  const sign = { active: "●", deprecated: "▲", inactive: "○" }[status];
  return (
    <span class={`badge ${status}`}>
      <span aria-hidden="true">{sign}</span> {status}
    </span>
  );
}

export function QualityBadge({ quality }: { quality: Quality["status"] | null | undefined }) {
  if (!quality) return <span class="badge">not checked</span>;
  return (
    <span class={`badge ${quality}`}>
      <span aria-hidden="true">{quality === "passed" ? "✓" : "✗"}</span> checks {quality}
    </span>
  );
}

export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <ul class="tags" aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag}>
          <a href={linkTo(["t", tag])}>{tag}</a>
        </li>
      ))}
    </ul>
  );
}

const TABS = [
  ["", "Product"],
  ["schema", "Schema"],
  ["lineage", "Lineage"],
  ["data", "Data"],
  ["quality", "Quality"],
  ["history", "History"],
] as const;

/** Tells whether a title says what the name says, as "Daily revenue" does of `daily_revenue`. */
function isSameName(title: string, name: string): boolean {
  const [one, other] = [title, name].map((each) => each.toLowerCase().replace(/[\s_.-]+/g, " ").trim());
  return one === other;
}

export function ProductHead({ name, here, product }: { name: string; here: string; product?: Product | undefined }) {
  const mayChange = product && hasRole("contributor", product.domain);
  const tabs = [...TABS, ...(mayChange ? [["edit", "Change"] as const] : []), ...(session.value ? [["access", "Access"] as const] : [])];
  const nav = useRef<HTMLElement>(null);
  // An old name leads to a product that has another by now; at an earlier moment it may be its own.
  useEffect(() => {
    if (product && product.name !== name && !asOf.value) go(linkHere({}, ["p", product.name, ...address.value.segments.slice(2)]), true);
  }, [product?.name]);
  // On a phone the page that one is on may be behind the edge.
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (current) nav.current!.scrollLeft = current.offsetLeft - nav.current!.offsetLeft - 40;
  }, [here, tabs.length]);
  return (
    <div class="product-head">
      <h1>{name}</h1>
      {product?.title && !isSameName(product.title, name) && <p class="lead">{product.title}</p>}
      {/* Its room is kept until the product is there, so that nothing below moves. */}
      <p class="facts">
        {product && (
          <>
            <DomainLink name={product.domain} />
            <StatusBadge status={product.status} />
            <QualityBadge quality={product.quality?.status} />
            <span>version {product.version}</span>
            {product.dropped && <span class="badge failed">✗ its dataset was dropped</span>}
          </>
        )}
      </p>
      <nav ref={nav} class="tabs" aria-label="Pages of the product">
        {tabs.map(([part, title]) => (
          <a
            key={part}
            href={linkTo(part ? ["p", name, part] : ["p", name])}
            aria-current={part === here ? "page" : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
    </div>
  );
}

/** Products as a table: what lists of domains, owners and tags show. */
export function ProductTable({ products, caption }: { products: readonly Product[]; caption: string }) {
  return (
    <Table caption={caption} headings={["Product", "Domain", "Owner", "Status", "Description"]}>
      {products.map((each) => (
        <tr key={each.name}>
          <th scope="row">
            <ProductLink name={each.name} />
          </th>
          <td>
            <DomainLink name={each.domain} />
          </td>
          <td>
            <OwnerLink name={each.owner} />
          </td>
          <td>
            <StatusBadge status={each.status} />
          </td>
          <td class="text">{each.description}</td>
        </tr>
      ))}
    </Table>
  );
}
