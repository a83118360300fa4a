/** The columns of a product: type, description, and where each comes from and goes to. */
import { useEffect } from "preact/hooks";
import { decodeText } from "../address.ts";
import { useApi } from "../api/use.ts";
import type { ColumnGraph, Product } from "../api/types.ts";
import { type ColumnRow, describeColumn, describeValues, listColumns } from "../columns.ts";
import { ProductHead } from "../components/product.tsx";
import { Result } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { asOf, first, linkHere, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

const MOST_ROWS = 200;

type Edge = ColumnGraph["edges"][number];

export function SchemaPage({ name }: { name: string }) {
  useTitle(`Schema of ${name}`);
  const asked = useApi<Product>(["product", name], { as_of: asOf.value });
  const lineage = useApi<ColumnGraph>(["lineage", "columns", name], { depth: 1, limit: 1000, max_nodes: 1000, as_of: asOf.value });
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
  const rows = listColumns(product);
  const isWhole = first("columns") === "all";
  const shown = isWhole ? rows : rows.slice(0, MOST_ROWS);
  // The rows were not there yet when the browser looked for the one of the address.
  useEffect(() => document.getElementById(decodeText(window.location.hash.slice(1)))?.scrollIntoView({ block: "center" }), [product.name]);
  return (
    <>
      {shown.length < rows.length && (
        <p>
          {MOST_ROWS} of {rows.length} columns. <a href={linkHere({ columns: "all" })}>Show all</a>
        </p>
      )}
      <Table caption={`Columns of ${product.name}`} headings={["Column", "Type", "Description", "Comes from", "Goes to"]}>
        {shown.map((row) => (
          <ColumnLine key={JSON.stringify(row.path)} row={row} product={product} edges={edges} />
        ))}
      </Table>
    </>
  );
}

function ColumnLine({ row: { path, type, column }, product, edges }: { row: ColumnRow; product: Product; edges: readonly Edge[] }) {
  const name = path.at(-1)!;
  const isTop = path.length === 1;
  const words = [
    ...(column ? describeColumn(column) : []),
    ...(isTop && product.output_port?.partitions?.includes(name) ? ["partition"] : []),
    ...(isTop && !column?.restricted && product.restricted_columns?.includes(name) ? ["restricted"] : []),
  ];
  const ends = isTop ? edges : [];
  return (
    <tr id={path.join(".")}>
      <th scope="row" class={`nested-${Math.min(path.length - 1, 6)}`}>
        {!isTop && <span class="hidden">{path.slice(0, -1).join(".")}.</span>}
        {name === "[]" ? "each value" : name}
      </th>
      <td>
        <code>{type}</code>
      </td>
      <td class="text">
        {column?.description} <Badges words={words} />
        {column &&
          describeValues(column).map((each) => (
            <div key={each} class="note">
              {each}
            </div>
          ))}
      </td>
      <td>
        <Ends edges={ends.filter((each) => each.target_product === product.name && each.target_column === name)} end="source" />
      </td>
      <td>
        <Ends edges={ends.filter((each) => each.source_product === product.name && each.source_column === name)} end="target" />
      </td>
    </tr>
  );
}

function Badges({ words }: { words: readonly string[] }) {
  return (
    <>
      {words.map((word) => (
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
          <a href={`${linkTo(["p", each[`${end}_product`], "schema"])}#${encodeURIComponent(each[`${end}_column`])}`}>{each[`${end}_product`]}</a>.{each[`${end}_column`]}
        </li>
      ))}
    </ul>
  );
}
