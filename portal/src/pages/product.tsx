/** One product: what it is, whose, whether it can be trusted, how it is read, and what is around it. */
import { useState } from "preact/hooks";
import { addressOf } from "../api/client.ts";
import { useApi } from "../api/use.ts";
import type { Freshness, LineageGraph, Product } from "../api/types.ts";
import { OwnerLink, ProductHead, ProductLink, Tags } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatAge, formatConfidence, formatCount, formatMoment } from "../format.ts";
import { asOf, linkTo } from "../location.ts";
import { SNIPPETS } from "../reading.ts";
import { session } from "../session.ts";
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
            <p class="description">{found.description}</p>
            <Tags tags={found.tags} />
            <div class="columns">
              <Trust product={found} />
              <Reading product={found} />
            </div>
            <Neighbours name={name} />
          </>
        )}
      </Result>
    </>
  );
}

function Trust({ product }: { product: Product }) {
  const asked = useApi<Freshness>(["product", product.name, "freshness"]);
  const { quality } = product;
  return (
    <section aria-labelledby="trust">
      <h2 id="trust">Can I trust it?</h2>
      <dl class="facts-list">
        <dt>Owner</dt>
        <dd>
          <OwnerLink name={product.owner} />
        </dd>
        <dt>Status</dt>
        <dd>
          {product.status === "active" && "In use and cared for"}
          {product.status === "deprecated" && "Deprecated: do not build on it"}
          {product.status === "inactive" && "Not in use"}
        </dd>
        <dt>Checks</dt>
        <dd>
          {quality ? (
            <>
              {quality.status === "passed" ? "All passed" : "Some failed"}, {formatMoment(quality.checked_at)}
              {(quality.failures ?? []).length > 0 && (
                <ul>
                  {quality.failures!.map((each, index) => (
                    <li key={index}>
                      {each.assertion} {each.column && <code>{each.column}</code>}
                    </li>
                  ))}
                </ul>
              )}
            </>
          ) : (
            "Nobody has checked it yet"
          )}
        </dd>
        <dt>Last written</dt>
        <dd>
          <Result asked={asked} what="runs">
            {(freshness) => <LastRuns freshness={freshness} />}
          </Result>
        </dd>
        <dt>Registered</dt>
        <dd>
          {formatMoment(product.created_at)}, changed {formatAge(product.updated_at, new Date())}
        </dd>
        {product.visibility && (
          <>
            <dt>Visibility</dt>
            <dd>{product.visibility}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function LastRuns({ freshness: { last_success, last_failure } }: { freshness: Freshness }) {
  if (!last_success && !last_failure) return <>No run is known</>;
  const failedLast = last_failure && (!last_success || last_failure.ended_at > last_success.ended_at);
  return (
    <>
      {last_success && `${formatAge(last_success.ended_at, new Date())}, by ${last_success.job.name}`}
      {failedLast && (
        <div class="warning">
          <span aria-hidden="true">✗</span> The last run failed {formatAge(last_failure.ended_at, new Date())}
          {last_failure.error_message && `: ${last_failure.error_message}`}
        </div>
      )}
    </>
  );
}

function Reading({ product }: { product: Product }) {
  const [chosen, choose] = useState(0);
  const port = product.output_port;
  return (
    <section aria-labelledby="reading">
      <h2 id="reading">How do I read it?</h2>
      {port ? (
        <>
          <p>
            {port.format}, in <code>{port.location}</code>. <a href={linkTo(["p", product.name, "data"])}>Look at its rows</a>
          </p>
          <div class="choices" role="group" aria-label="Tool">
            {SNIPPETS.map(({ title }, index) => (
              <button key={title} type="button" aria-pressed={index === chosen} onClick={() => choose(index)}>
                {title}
              </button>
            ))}
          </div>
          <Snippet text={SNIPPETS[chosen]!.write(addressOf(["domains", product.domain, product.name]), session.value !== null)} />
        </>
      ) : (
        <Empty>It has no output port: its rows cannot be read here. Ask its owner.</Empty>
      )}
    </section>
  );
}

function Snippet({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class="snippet">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      {"clipboard" in navigator && (
        <button type="button" class="quiet" onClick={copy}>
          {isCopied ? "Copied" : "Copy"}
        </button>
      )}
    </div>
  );
}

function Neighbours({ name }: { name: string }) {
  const asked = useApi<LineageGraph>(["lineage", "graph", name], { depth: 1, as_of: asOf.value });
  return (
    <section aria-labelledby="neighbours">
      <h2 id="neighbours">Where does it come from, and who uses it?</h2>
      <Result asked={asked} what="lineage">
        {(graph) => (
          <div class="strip">
            <Side graph={graph} way="upstream" title="Made of" />
            <div class="strip-self">
              <strong>{name}</strong>
              <a href={linkTo(["p", name, "lineage"])}>Open the graph</a>
            </div>
            <Side graph={graph} way="downstream" title="Used by" />
          </div>
        )}
      </Result>
    </section>
  );
}

const MOST_NEIGHBOURS = 8;

function Side({ graph, way, title }: { graph: LineageGraph; way: "upstream" | "downstream"; title: string }) {
  const [here, there] = way === "upstream" ? (["target", "source"] as const) : (["source", "target"] as const);
  const edges = graph.edges.filter((edge) => edge[here] === graph.product && edge[there] !== graph.product);
  const rest = edges.length - MOST_NEIGHBOURS;
  return (
    <div>
      <h3>{title}</h3>
      {edges.length === 0 && <p class="note">{way === "upstream" ? "Nothing that is registered" : "Nobody that is registered"}</p>}
      <ul>
        {edges.slice(0, MOST_NEIGHBOURS).map((edge) => (
          <li key={edge.id}>
            <ProductLink name={edge[there]} />{" "}
            <span class="note">
              {edge.lineage_type}, {formatConfidence(edge.confidence)}
            </span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p class="note">and {formatCount(rest, "more", "more")}</p>}
    </div>
  );
}
