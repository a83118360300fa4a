/** How the rows of a product are read: commands with the real address. */
import { useState } from "preact/hooks";
import { addressOf } from "../api/client.ts";
import type { Product } from "../api/types.ts";
import { linkTo } from "../location.ts";
import { SNIPPETS } from "../reading.ts";
import { session } from "../session.ts";
import { Empty } from "./states.tsx";

export function Reading({ product }: { product: Product }) {
  const [chosen, choose] = useState(0);
  const port = product.output_port;
  return (
    <section aria-labelledby="reading">
      <h2 id="reading">How do I read it?</h2>
      {port ? (
        <>
          <p>
            {port.format}, in <code>{port.location}</code>
            {(port.partitions ?? []).length > 0 && `, in folders by ${port.partitions!.join(", ")}`}. <a href={linkTo(["p", product.name, "data"])}>Look at its rows</a>
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
