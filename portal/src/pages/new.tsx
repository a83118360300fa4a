/** Register a product. */
import { useRef, useState } from "preact/hooks";
import { write } from "../api/client.ts";
import type { Product } from "../api/types.ts";
import { Needs } from "../components/needs.tsx";
import { type Draft, findField, NEW, toRegistration } from "../edit/draft.ts";
import { ACCEPTED, sortErrors } from "../edit/forms.tsx";
import { KeptNote } from "../edit/kept-note.tsx";
import { useKeptState } from "../edit/kept.ts";
import { ProductForm } from "../edit/product.tsx";
import { first, go, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

const PLACE = "new";

export function NewPage() {
  useTitle("Register a product");
  return (
    <>
      <h1>Register a product</h1>
      <KeptNote place={PLACE} />
      <Needs role="contributor" what="register a product">
        <Registration />
      </Needs>
    </>
  );
}

function Registration() {
  const [draft, change] = useKeptState<Draft>(PLACE, { ...NEW, domain: first("domain") });
  const [refusal, refuse] = useState(ACCEPTED);
  const [isSaving, setSaving] = useState(false);
  const sent = useRef({ text: "", key: "" });
  const save = async () => {
    const body = toRegistration(draft);
    const text = JSON.stringify(body);
    // The same once more, after an answer that got lost, is done once.
    if (sent.current.text !== text) sent.current = { text, key: crypto.randomUUID() };
    setSaving(true);
    try {
      const { data } = await write<Product>(["register_product"], { method: "POST", body, headers: { "Idempotency-Key": sent.current.key } });
      go(linkTo(["p", data.name]));
    } catch (error) {
      refuse(sortErrors(error, findField));
      setSaving(false);
    }
  };
  return <ProductForm draft={draft} change={change} refusal={refusal} isNew isSaving={isSaving} save={save} cancel={linkTo([])} />;
}
