/** Change a product, unless somebody else has changed it meanwhile; and its lineage. */
import { useState } from "preact/hooks";
import { ApiError, ask, write } from "../api/client.ts";
import type { Product } from "../api/types.ts";
import { useApi } from "../api/use.ts";
import { Needs } from "../components/needs.tsx";
import { ProductHead } from "../components/product.tsx";
import { Result } from "../components/states.tsx";
import { ConflictForm } from "../edit/conflict.tsx";
import { DeleteProduct } from "../edit/delete.tsx";
import { type Draft, findConflict, findField, listChanged, toChange, toDraft } from "../edit/draft.ts";
import { ACCEPTED, sortErrors } from "../edit/forms.tsx";
import { KeptNote } from "../edit/kept-note.tsx";
import { useKeptState } from "../edit/kept.ts";
import { LineageOf } from "../edit/lineage.tsx";
import { ProductForm } from "../edit/product.tsx";
import { go, linkTo } from "../location.ts";
import { useTitle } from "../title.ts";

export function EditPage({ name }: { name: string }) {
  useTitle(`Change ${name}`);
  const asked = useApi<Product>(["product", name]);
  return (
    <>
      <ProductHead name={name} here="edit" product={asked.state === "ready" ? asked.data : undefined} />
      <KeptNote place={placeOf(name)} />
      <Result asked={asked} what="product">
        {(product, headers) => (
          <Needs role="contributor" domain={product.domain} what="change this product">
            <Change product={product} tag={headers.get("ETag") ?? ""} />
            <LineageOf name={product.name} />
            <DeleteProduct product={product} tag={headers.get("ETag") ?? ""} />
          </Needs>
        )}
      </Result>
    </>
  );
}

const placeOf = (name: string) => `edit ${name}`;

interface Version {
  readonly product: Product;
  readonly tag: string;
}

function Change({ product, tag }: Version) {
  const [{ base, draft }, hold] = useKeptState(placeOf(product.name), { base: { product, tag }, draft: toDraft(product) });
  const change = (to: Draft) => hold({ base, draft: to });
  const [theirs, meet] = useState<Version | null>(null);
  const [refusal, refuse] = useState(ACCEPTED);
  const [isSaving, setSaving] = useState(false);
  const save = async () => {
    setSaving(true);
    refuse(ACCEPTED);
    try {
      if (listChanged(draft, toDraft(base.product)).length > 0) {
        const body = toChange(draft, base.product);
        await write<Product>(["product", base.product.name], { method: "PUT", body, headers: { "If-Match": base.tag } });
      }
      go(linkTo(["p", draft.name]));
    } catch (error) {
      // 404: it may have another name by now, under which it is found.
      if (error instanceof ApiError && [404, 412].includes(error.status)) await compare();
      else refuse(sortErrors(error, findField));
    } finally {
      setSaving(false);
    }
  };
  const compare = async () => {
    try {
      const { data, headers } = await ask<Product>(["product", base.product.name]);
      // The answer to an earlier try may have been lost: it has saved all of this.
      if (listChanged(draft, toDraft(data)).length === 0) go(linkTo(["p", data.name]));
      else meet({ product: data, tag: headers.get("ETag") ?? "" });
    } catch (error) {
      refuse(sortErrors(error, findField));
    }
  };
  if (theirs) {
    const other = toDraft(theirs.product);
    const settle = (settled: Draft) => {
      hold({ base: theirs, draft: settled });
      meet(null);
    };
    return <ConflictForm conflict={findConflict(toDraft(base.product), draft, other)} mine={draft} theirs={other} settle={settle} />;
  }
  const cancel = linkTo(["p", product.name]);
  return <ProductForm draft={draft} change={change} refusal={refusal} isNew={false} isSaving={isSaving} save={save} cancel={cancel} />;
}
