/** What a product is made of: entries that are added and taken away. */
import { useState } from "preact/hooks";
import { write } from "../api/client.ts";
import { useApi } from "../api/use.ts";
import { ProductLink } from "../components/product.tsx";
import { Result } from "../components/states.tsx";
import { formatConfidence } from "../format.ts";
import { ACCEPTED, Field, Refused, sortErrors } from "./forms.tsx";

interface Entry {
  id: string;
  source: string;
  target: string;
  transformation: string;
  lineage_type: string;
  confidence: number;
  job: { name: string } | null;
}

const FIELDS = ["source", "target", "transformation", "lineage_type", "confidence"];
const findLineageField = (path: string) => FIELDS.find((field) => field === path.split(".")[0]) ?? null;

export function LineageOf({ name }: { name: string }) {
  const [version, setVersion] = useState(0);
  return (
    <section aria-labelledby="made-of">
      <h2 id="made-of">Made of</h2>
      <Entries key={version} name={name} changed={() => setVersion(version + 1)} />
      <NewEntry key={`new ${version}`} target={name} changed={() => setVersion(version + 1)} />
    </section>
  );
}

function Entries({ name, changed }: { name: string; changed: () => void }) {
  const asked = useApi<Entry[]>(["lineage"], { target: name, limit: 100 });
  const [refusal, refuse] = useState(ACCEPTED);
  const remove = async ({ source, target, transformation }: Entry) => {
    try {
      await write(["lineage"], { method: "DELETE", values: { source, target, transformation } });
      changed();
    } catch (error) {
      refuse(sortErrors(error, () => null));
    }
  };
  return (
    <Result asked={asked} what="lineage">
      {(entries) => (
        <>
          <Refused refusal={refusal} />
          {entries.length === 0 && <p class="note">Nothing that is registered</p>}
          <ul>
            {entries.map((each) => (
              <li key={each.id}>
                <ProductLink name={each.source} />{" "}
                <span class="note">
                  {each.lineage_type}, {formatConfidence(each.confidence)}: {each.transformation}
                </span>{" "}
                {each.job ? (
                  <span class="note">(told by the job {each.job.name})</span>
                ) : (
                  <button type="button" class="quiet" aria-label={`Take the lineage from ${each.source} away`} onClick={() => remove(each)}>
                    Take away
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Result>
  );
}

function NewEntry({ target, changed }: { target: string; changed: () => void }) {
  const [refusal, refuse] = useState(ACCEPTED);
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name)).trim();
    const confidence = text("confidence");
    const body = {
      source: text("source"),
      target,
      transformation: text("transformation"),
      lineage_type: text("lineage_type"),
      confidence: Number.isNaN(Number(confidence)) || confidence === "" ? confidence : Number(confidence),
    };
    try {
      await write(["register_lineage"], { method: "POST", body });
      changed();
    } catch (error) {
      refuse(sortErrors(error, findLineageField));
    }
  };
  const { problems } = refusal;
  return (
    <form class="edit" onSubmit={submit} noValidate aria-label="New lineage">
      <Refused refusal={refusal} />
      <Field name="source" title="Made of the product" problems={problems}>
        {(attributes) => <input {...attributes} autocomplete="off" />}
      </Field>
      <Field name="transformation" title="How it is made of it" problems={problems}>
        {(attributes) => <input {...attributes} autocomplete="off" />}
      </Field>
      <Field name="lineage_type" title="Type" problems={problems}>
        {(attributes) => (
          <select {...attributes}>
            <option>direct</option>
            <option>derived</option>
            <option>aggregated</option>
          </select>
        )}
      </Field>
      <Field name="confidence" title="Confidence" problems={problems} note="From 0 to 1">
        {(attributes) => <input {...attributes} defaultValue="1" inputMode="decimal" />}
      </Field>
      <button type="submit">Record lineage</button>
    </form>
  );
}
