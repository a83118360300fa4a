/** Ask for access to a product; what was asked before, and what became of it. */
import { useState } from "preact/hooks";
import { RequestList } from "../access/requests.tsx";
import type { AccessRequest } from "../api/access.ts";
import { write } from "../api/client.ts";
import type { Product } from "../api/types.ts";
import { useApi } from "../api/use.ts";
import { Past } from "../components/needs.tsx";
import { ProductHead } from "../components/product.tsx";
import { Empty, Result } from "../components/states.tsx";
import { ACCEPTED, Field, Refused, sortErrors } from "../edit/forms.tsx";
import { KeptNote } from "../edit/kept-note.tsx";
import { useKeptState } from "../edit/kept.ts";
import { asOf } from "../location.ts";
import { isSigningIn, session } from "../session.ts";
import { useTitle } from "../title.ts";

const placeOf = (name: string) => `ask ${name}`;

export function AccessPage({ name }: { name: string }) {
  useTitle(`Access to ${name}`);
  const product = useApi<Product>(["product", name]);
  return (
    <>
      <ProductHead name={name} here="access" product={product.state === "ready" ? product.data : undefined} />
      <h2>Ask for access</h2>
      <KeptNote place={placeOf(name)} />
      {session.value ? (
        <Asking name={name} />
      ) : (
        <Empty>
          Whoever asks says who they are.{" "}
          <button type="button" onClick={() => (isSigningIn.value = true)}>
            Sign in
          </button>
        </Empty>
      )}
    </>
  );
}

function Asking({ name }: { name: string }) {
  const [version, setVersion] = useState(0);
  const changed = () => setVersion(version + 1);
  return (
    <>
      {asOf.value ? <Past /> : <Question key={`ask ${version}`} name={name} changed={changed} />}
      <section aria-labelledby="asked">
        <h2 id="asked">Requests</h2>
        <Asked key={version} name={name} changed={changed} />
      </section>
    </>
  );
}

function Asked({ name, changed }: { name: string; changed: () => void }) {
  const asked = useApi<AccessRequest[]>(["product", name, "requests"]);
  return (
    <Result asked={asked} what="requests">
      {(requests) =>
        requests.length === 0 ? <Empty>Nobody has asked yet.</Empty> : <RequestList requests={requests.toReversed()} changed={changed} />
      }
    </Result>
  );
}

function Question({ name, changed }: { name: string; changed: () => void }) {
  const [refusal, refuse] = useState(ACCEPTED);
  const [purpose, setPurpose] = useKeptState(placeOf(name), "");
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const until = String(form.get("until"));
    const body = { purpose, ...(until ? { until: `${until}T23:59:59Z` } : {}) };
    try {
      await write<AccessRequest>(["product", name, "requests"], { method: "POST", body });
      changed();
    } catch (error) {
      refuse(sortErrors(error, (field) => (["purpose", "until"].includes(field) ? field : null)));
    }
  };
  return (
    <form class="edit" onSubmit={submit} noValidate aria-label="Ask for access">
      <Refused refusal={refusal} />
      <Field name="purpose" title="What do you need it for?" problems={refusal.problems} note="Stewards of its domain read it, and decide.">
        {(attributes) => <textarea {...attributes} rows={3} value={purpose} onInput={(event) => setPurpose(event.currentTarget.value)} />}
      </Field>
      <Field name="until" title="Until when?" problems={refusal.problems} note="Left out, 90 days from the decision on.">
        {(attributes) => <input {...attributes} type="date" />}
      </Field>
      <p>
        <button type="submit">Ask for access</button>
      </p>
    </form>
  );
}
