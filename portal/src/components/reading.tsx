/** How the rows of a product are read: commands with the real address. */
import { useRef, useState } from "preact/hooks";
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
          <p class="note">
            {session.value ? "KEY is a variable of your environment that holds your key." : "If its rows need a key: sign in, and the command sends one."}
          </p>
        </>
      ) : (
        <Empty>It has no output port: its rows cannot be read here. Ask its owner.</Empty>
      )}
    </section>
  );
}

function Snippet({ text }: { text: string }) {
  const [told, tell] = useState("Copy");
  const shown = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      tell("Copied");
    } catch {
      // The browser does not let the page write there: the person can.
      window.getSelection()?.selectAllChildren(shown.current!);
      tell("Selected: copy it");
    }
    window.setTimeout(() => tell("Copy"), 2000);
  };
  return (
    <div class="snippet">
      <pre ref={shown} tabIndex={0}>
        <code>{text}</code>
      </pre>
      {"clipboard" in navigator && (
        <button type="button" class="quiet" onClick={copy}>
          {told}
        </button>
      )}
    </div>
  );
}
