/** The way from one product to another: the most confident, and the shortest. */
import { useApi } from "../api/use.ts";
import { ProductLink } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { formatConfidence, formatCount } from "../format.ts";
import { asOf, first, go, linkHere, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

interface Hop {
  id: string;
  source: string;
  target: string;
  transformation: string;
  lineage_type: string;
  confidence: number;
}
interface Path {
  products: string[];
  entries: Hop[];
  confidence: number;
}
interface Paths {
  most_confident: Path | null;
  shortest: Path | null;
}

export function PathPage() {
  const [source, target] = [first("source"), first("target")];
  useTitle(source && target ? `From ${source} to ${target}` : "Path");
  const ask = (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    go(linkHere({ source: String(form.get("source")).trim(), target: String(form.get("target")).trim() }));
  };
  return (
    <>
      <h1>Path from one product to another</h1>
      <form class="filters" onSubmit={ask} aria-label="Ends of the path">
        <label>
          From <input name="source" required maxLength={100} value={source} key={`s ${source}`} autocomplete="off" />
        </label>
        <label>
          To <input name="target" required maxLength={100} value={target} key={`t ${target}`} autocomplete="off" />
        </label>
        <button type="submit">Find</button>
        {source && target && <a href={linkHere({ source: target, target: source })}>The other way round</a>}
      </form>
      {source && target ? <Found source={source} target={target} /> : <Empty>Give the names of two products.</Empty>}
    </>
  );
}

function Found({ source, target }: { source: string; target: string }) {
  const asked = useApi<Paths>(["lineage", "path"], { source, target, as_of: asOf.value });
  return (
    <Result asked={asked} what="path">
      {({ most_confident: confident, shortest }) => {
        if (!confident || !shortest) {
          return (
            <Empty>
              Nothing leads from {source} to {target}. Try <a href={linkHere({ source: target, target: source })}>the other way round</a>, or look
              at <a href={linkTo(["p", source, "lineage"])}>the graph</a>.
            </Empty>
          );
        }
        const isSame = confident.products.join("\n") === shortest.products.join("\n");
        return (
          <div class="columns">
            <PathList path={confident} title={isSame ? "Most confident, and shortest" : "Most confident"} />
            {!isSame && <PathList path={shortest} title="Shortest" />}
          </div>
        );
      }}
    </Result>
  );
}

function PathList({ path, title }: { path: Path; title: string }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <p>
        {formatCount(path.entries.length, "hop")}, {formatConfidence(path.confidence)} in all
      </p>
      <ol class="path">
        <li>
          <ProductLink name={path.products[0]!} />
        </li>
        {path.entries.map((hop) => (
          <li key={hop.id}>
            <span class="note">
              <span aria-hidden="true">↓</span> {hop.lineage_type}, {formatConfidence(hop.confidence)}: {hop.transformation}
            </span>
            <br />
            <ProductLink name={hop.target} />
          </li>
        ))}
      </ol>
    </section>
  );
}
