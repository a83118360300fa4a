/** The columns of a product: type, description, and where each comes from and goes to. */
import { useApi } from "../api/use.ts";
import type { Column, ColumnGraph, Product } from "../api/types.ts";
import { ProductHead } from "../components/product.tsx";
import { Result } from "../components/states.tsx";
import { asOf, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

type Edge = ColumnGraph["edges"][number];

export function SchemaPage({ name }: { name: string }) {
  useTitle(`Schema of ${name}`);
  const asked = useApi<Product>(["product", name], { as_of: asOf.value });
  const lineage = useApi<ColumnGraph>(["lineage", "columns", name], { depth: 1, limit: 1000, as_of: asOf.value });
  const edges = lineage.state === "ready" ? lineage.data.edges : [];
  return (
    <>
      <ProductHead name={name} here="schema" product={asked.state === "ready" ? asked.data : undefined} />
      <Result asked={asked} what="schema">
        {(product) => <Columns product={product} edges={edges} />}
      </Result>
      {lineage.state === "failed" && <p class="note">Where columns come from could not be asked: {lineage.error.message}</p>}
    </>
  );
}

function Columns({ product, edges }: { product: Product; edges: readonly Edge[] }) {
  const described = new Map((product.columns ?? []).map((column) => [column.name, column]));
  const ports = new Set(product.output_port?.partitions ?? []);
  const restricted = new Set(product.restricted_columns ?? []);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`Columns of ${product.name}`}>
      <table>
        <caption class="hidden">Columns of {product.name}</caption>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col">Description</th>
            <th scope="col">Comes from</th>
            <th scope="col">Goes to</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(product.schema).map(([column, type]) => (
            <tr key={column} id={column}>
              <th scope="row">{column}</th>
              <td>
                <code>{type}</code>
              </td>
              <td class="text">
                {described.get(column)?.description}{" "}
                <Badges words={[...describe(described.get(column)), ports.has(column) && "partition", restricted.has(column) && "restricted"]} />
              </td>
              <td>
                <Ends edges={edges.filter((each) => each.target_product === product.name && each.target_column === column)} end="source" />
              </td>
              <td>
                <Ends edges={edges.filter((each) => each.source_product === product.name && each.source_column === column)} end="target" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is known of a column, in words. */
function describe(column: Column | undefined): (string | false | null | undefined)[] {
  if (!column) return [];
  const { primary_key: key, required, unique, deprecated, classification, tags = [] } = column;
  return [key ? `key ${key}` : null, required && "required", unique && "unique", deprecated && "deprecated", classification, ...tags];
}

function Badges({ words }: { words: readonly (string | false | null | undefined)[] }) {
  const shown = words.filter((word): word is string => Boolean(word));
  return (
    <>
      {shown.map((word) => (
        <span key={word} class="badge boxed">
          {word}
        </span>
      ))}
    </>
  );
}

function Ends({ edges, end }: { edges: readonly Edge[]; end: "source" | "target" }) {
  return (
    <ul>
      {edges.map((each) => (
        <li key={`${each.id} ${each[`${end}_column`]}`}>
          <a href={linkTo(["p", each[`${end}_product`], "schema"])}>{each[`${end}_product`]}</a>.{each[`${end}_column`]}
        </li>
      ))}
    </ul>
  );
}
