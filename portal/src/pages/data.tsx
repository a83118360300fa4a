/** The rows of a product, with filters, order and downloads. */
import { useState } from "preact/hooks";
import { ApiError, askFile, saveFile, type Values } from "../api/client.ts";
import { useApi } from "../api/use.ts";
import type { Product, Row } from "../api/types.ts";
import { ProductHead } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatBytes, formatCount, formatValue } from "../format.ts";
import { all, asOf, first, go, linkHere } from "../location.ts";
import { addFilter, describeFilter, nextOrder, OPERATORS, parseFilter, quoteColumn, toParameters } from "../rows.ts";
import { useTitle } from "../title.ts";

const LIMITS = [20, 100, 500];
const NUMBERS = /^(integer|bigint|decimal|double|float|number|long|int|smallint|real)/i;

export function DataPage({ name }: { name: string }) {
  useTitle(`Data of ${name}`);
  const asked = useApi<Product>(["product", name], { as_of: asOf.value });
  return (
    <>
      <ProductHead name={name} here="data" product={asked.state === "ready" ? asked.data : undefined} />
      <Result asked={asked} what="product">
        {(product) =>
          product.output_port ? <Rows product={product} /> : <Empty>It has no output port: ask its owner for its rows.</Empty>
        }
      </Result>
    </>
  );
}

function readQuestion(product: Product): Values {
  const filters = all("filter").map(parseFilter).filter((each) => each !== null);
  // Only tables of Delta have a past; other rows are those of now.
  const past = product.output_port?.format === "delta" ? asOf.value : null;
  return { ...toParameters(filters), order_by: first("order"), as_of: past };
}

function Rows({ product }: { product: Product }) {
  const question = readQuestion(product);
  const limit = Number(first("limit")) || LIMITS[0]!;
  const path = ["domains", product.domain, product.name];
  const asked = useApi<Row[]>(path, { ...question, limit, cursor: first("cursor") });
  return (
    <>
      {asOf.value && product.output_port?.format !== "delta" && (
        <p class="note">These files keep no past: the rows are those of now.</p>
      )}
      <Filters product={product} />
      <div class="filters">
        <label>
          Rows{" "}
          <select value={limit} onChange={(event) => go(linkHere({ limit: event.currentTarget.value, cursor: null }))}>
            {LIMITS.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <Downloads product={product} question={question} />
      </div>
      <Result asked={asked} what="rows">
        {(rows, headers) => (
          <>
            {rows.length === 0 ? (
              <Empty>No row meets the filters. Take one away.</Empty>
            ) : (
              <RowTable product={product} rows={rows} />
            )}
            <p class="pages">
              {formatCount(rows.length, "row")}, {formatBytes(Number(headers.get("X-Bytes-Read")))} read from{" "}
              {formatCount(Number(headers.get("X-Files-Read")), "file")}.{" "}
              {first("cursor") && <a href={linkHere({ cursor: null })}>First page</a>}{" "}
              {headers.get("X-Next-Cursor") && <a href={linkHere({ cursor: headers.get("X-Next-Cursor") })}>Next page</a>}
            </p>
          </>
        )}
      </Result>
    </>
  );
}

function Filters({ product }: { product: Product }) {
  const filters = all("filter");
  const add = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const found = new FormData(form);
    const [column, operator, value] = ["column", "operator", "value"].map((field) => String(found.get(field)));
    form.reset();
    go(linkHere({ filter: addFilter(filters, { column: column!, operator: operator!, value: value! }), cursor: null }));
  };
  return (
    <form class="filters" onSubmit={add} aria-label="Filter of rows">
      <label>
        <span class="hidden">Column</span>
        <select name="column">
          {Object.keys(product.schema).map((column) => (
            <option key={column}>{column}</option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden">Comparison</span>
        <select name="operator">
          {OPERATORS.map(([operator, title]) => (
            <option key={operator} value={operator}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden">Value</span>
        <input name="value" placeholder="Value" autocomplete="off" />
      </label>
      <button type="submit">Filter</button>
      {filters.map((text) => {
        const filter = parseFilter(text);
        return (
          <a
            key={text}
            class="chip"
            href={linkHere({ filter: filters.filter((each) => each !== text), cursor: null })}
            aria-label={`Take away the filter ${filter ? describeFilter(filter) : text}`}
          >
            {filter ? describeFilter(filter) : text} <span aria-hidden="true">×</span>
          </a>
        );
      })}
    </form>
  );
}

function Downloads({ product, question }: { product: Product; question: Values }) {
  const [told, tell] = useState("");
  const download = async (format: string) => {
    tell(`Reading ${format}…`);
    try {
      const answer = await askFile(["domains", product.domain, product.name], { ...question, format, limit: "all" });
      saveFile(answer.data, `${product.name}.${format}`);
      const isCut = answer.headers.has("X-Next-Cursor");
      tell(`${formatBytes(answer.data.size)} saved${isCut ? "; these are not all rows: filter, or read them with a tool" : ""}`);
    } catch (error) {
      tell(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <>
      <button type="button" onClick={() => download("csv")}>
        Download CSV
      </button>
      <button type="button" onClick={() => download("parquet")}>
        Download Parquet
      </button>
      <span role="status">{told}</span>
    </>
  );
}

function RowTable({ product, rows }: { product: Product; rows: readonly Row[] }) {
  const columns = Object.keys(rows[0]!);
  const order = first("order");
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`Rows of ${product.name}`}>
      <table class="rows">
        <caption class="hidden">Rows of {product.name}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" class={classOf(product, column)} aria-sort={sortOf(order, column)}>
                <a href={linkHere({ order: nextOrder(order, column), cursor: null })}>
                  {column}
                  <span aria-hidden="true">{{ ascending: " ↑", descending: " ↓", none: "" }[sortOf(order, column)]}</span>
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column} class={classOf(product, column)}>
                  {row[column] === null ? <span class="note">null</span> : formatValue(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf(product: Product, column: string): string | undefined {
  return NUMBERS.test(product.schema[column] ?? "") ? "number" : undefined;
}

function sortOf(order: string, column: string): "ascending" | "descending" | "none" {
  if (order === quoteColumn(column)) return "ascending";
  return order === quoteColumn(column, true) ? "descending" : "none";
}
