/** Somebody else has saved meanwhile: what they changed, and for each field whose words are kept. */
import { useState } from "preact/hooks";
import { type Conflict, describeField, type Draft, type Field, takeFields } from "./draft.ts";

const TITLES: Partial<Record<Field, string>> = {
  location: "folder of its data",
  format: "format of its data",
  channel: "where users get help",
  channel_url: "address of the help",
  element: "column of times",
  glossary_terms: "words of the business",
  openlineage: "datasets of OpenLineage",
};

interface ConflictProps {
  conflict: Conflict;
  mine: Draft;
  theirs: Draft;
  settle: (draft: Draft) => void;
}

export function ConflictForm({ conflict, mine, theirs, settle }: ConflictProps) {
  const [taken, setTaken] = useState<readonly Field[]>([]);
  const submit = (event: Event) => {
    event.preventDefault();
    settle(takeFields(conflict.merged, theirs, taken));
  };
  return (
    <form class="state failure" aria-label="Conflict" onSubmit={submit}>
      <p role="alert">
        <strong>Somebody else has saved this product since you opened it.</strong> Nothing of yours is lost, and nothing is saved yet.
      </p>
      {conflict.taken.length > 0 && (
        <p>Changed by them alone, and taken over: {conflict.taken.map((field) => TITLES[field] ?? field).join(", ")}.</p>
      )}
      {conflict.joined.length > 0 && <p>Changed by both in different places, and joined: {conflict.joined.join(", ")}.</p>}
      {conflict.disputed.map((field) => (
        <fieldset key={field}>
          <legend>{TITLES[field] ?? field}: both have changed it</legend>
          {(["mine", "theirs"] as const).map((whose) => (
            <label key={whose} class="check">
              <input
                type="radio"
                name={`keep-${field}`}
                checked={taken.includes(field) === (whose === "theirs")}
                onChange={() => setTaken(whose === "theirs" ? [...taken, field] : taken.filter((each) => each !== field))}
              />
              <span>
                {whose === "mine" ? "Keep mine" : "Take theirs"}: <span class="description">{describeField(whose === "mine" ? mine : theirs, field)}</span>
              </span>
            </label>
          ))}
        </fieldset>
      ))}
      <button type="submit">Go on with that</button>
    </form>
  );
}
