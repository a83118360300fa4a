/** Delete a product, once its name was written: nothing brings it back but a restore. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, write } from "../api/client.ts";
import { useApi } from "../api/use.ts";
import type { Impact, Product } from "../api/types.ts";
import { formatCount } from "../format.ts";
import { go, linkTo } from "../location.ts";
import { ACCEPTED, Field, Refused, sortErrors } from "./forms.tsx";

const CHANGED = "Somebody else has changed it since you opened this page. Load the page again, and look at what is there now.";

export function DeleteProduct({ product: { name, domain }, tag }: { product: Product; tag: string }) {
  const [isOpen, open] = useState(false);
  return (
    <section aria-labelledby="delete">
      <h2 id="delete">Delete it</h2>
      {isOpen ? (
        <Confirmation name={name} domain={domain} tag={tag} close={() => open(false)} />
      ) : (
        <button type="button" class="danger" onClick={() => open(true)}>
          Delete {name}…
        </button>
      )}
    </section>
  );
}

function Confirmation({ name, domain, tag, close }: { name: string; domain: string; tag: string; close: () => void }) {
  const [refusal, refuse] = useState(ACCEPTED);
  const [isDeleting, setDeleting] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    const written = String(new FormData(event.currentTarget as HTMLFormElement).get("confirmation")).trim();
    if (written !== name) {
      refuse({ problems: { confirmation: [`This is not ${name}.`] }, rest: [] });
      return;
    }
    setDeleting(true);
    try {
      await write(["product", name], { method: "DELETE", headers: { "If-Match": tag } });
      go(linkTo(["d", domain]));
    } catch (error) {
      refuse(error instanceof ApiError && error.status === 412 ? { problems: {}, rest: [CHANGED] } : sortErrors(error, () => null));
      setDeleting(false);
    }
  };
  return (
    <form class="edit state failure" onSubmit={submit} noValidate aria-label={`Delete ${name}`}>
      <p>
        <strong>{name} and all its lineage go away.</strong> Its data stays where it is. <Concerned name={name} />
      </p>
      <Refused refusal={refusal} done="Not deleted." />
      <Field name="confirmation" title="Write its name to confirm" problems={refusal.problems}>
        {(attributes) => <input {...attributes} ref={input} autocomplete="off" />}
      </Field>
      <p class="filters">
        <button type="submit" class="danger" disabled={isDeleting}>
          Delete it
        </button>
        <button type="button" class="quiet" onClick={close}>
          Keep it
        </button>
      </p>
    </form>
  );
}

/** How many products lose what they are made of. */
function Concerned({ name }: { name: string }) {
  const asked = useApi<Impact>(["lineage", "impact", name]);
  if (asked.state !== "ready") return null;
  const { total, truncated } = asked.data;
  if (total === 0) return <>Nothing that is registered is made of it.</>;
  return (
    <>
      {truncated && "More than "}
      {formatCount(total, "product")} {total === 1 ? "is" : "are"} made of it, directly or not:{" "}
      <a href={linkTo(["p", name, "lineage"], { show: "people" })}>whom it concerns</a>.
    </>
  );
}
