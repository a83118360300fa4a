/** Fields of forms, each with the registry's own words where it did not take what was written. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../api/client.ts";

/** Field -> what the registry said of it. */
export type Problems = Readonly<Record<string, readonly string[]>>;

export interface Refusal {
  readonly problems: Problems;
  /** What is about no field of the form. */
  readonly rest: readonly string[];
}

export const ACCEPTED: Refusal = { problems: {}, rest: [] };

/** Sort what the registry said to the fields that it names. */
export function sortErrors(error: unknown, findField: (path: string) => string | null): Refusal {
  if (!(error instanceof ApiError)) return { problems: {}, rest: [String(error)] };
  const problems: Record<string, string[]> = {};
  const rest: string[] = [];
  for (const { field, message } of error.errors) {
    const found = findField(field);
    const words = found === null || found === field ? message : `${field}: ${message}`;
    if (found === null) rest.push(`${field}: ${message}`);
    else problems[found] = [...(problems[found] ?? []), words];
  }
  if (error.errors.length === 0) rest.push(error.message);
  return { problems, rest };
}

interface FieldProps {
  name: string;
  title: string;
  problems: Problems;
  note?: string;
  children: (attributes: { id: string; name: string; "aria-invalid"?: boolean; "aria-describedby"?: string }) => ComponentChildren;
}

export function Field({ name, title, problems, note, children }: FieldProps) {
  const said = problems[name] ?? [];
  const [id, about] = [`field-${name}`, `about-${name}`];
  const attributes = { id, name, ...(said.length > 0 ? { "aria-invalid": true } : {}), "aria-describedby": about };
  return (
    <div class="field">
      <label for={id}>{title}</label>
      {children(attributes)}
      <div id={about}>
        {said.map((each) => (
          <p key={each} class="warning">
            <span aria-hidden="true">✗</span> {each}
          </p>
        ))}
        {note && <p class="note">{note}</p>}
      </div>
    </div>
  );
}

/** What is about no field; and the way to the first field that was not taken. `done` says what did not happen. */
export function Refused({ refusal, done = "Not saved." }: { refusal: Refusal; done?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const count = Object.keys(refusal.problems).length;
  useEffect(() => {
    if (count === 0 && refusal.rest.length === 0) return;
    const first = place.current?.closest("form")?.querySelector<HTMLElement>('[aria-invalid="true"]');
    (first ?? place.current)?.focus();
  }, [refusal]);
  return (
    <div ref={place} tabIndex={-1} role="alert">
      {count + refusal.rest.length > 0 && (
        <div class="state failure">
          <strong>{done}</strong> {count > 0 && "Look at the fields that are marked."}
          {refusal.rest.map((each) => (
            <p key={each}>{each}</p>
          ))}
        </div>
      )}
    </div>
  );
}
