/** A steward grants a role of a domain by hand; an administrator, any. */
import { useState } from "preact/hooks";
import type { Grant } from "../api/access.ts";
import { write } from "../api/client.ts";
import { ACCEPTED, Field, Refused, sortErrors } from "../edit/forms.tsx";
import { hasRole, session } from "../session.ts";

const FIELDS: Record<string, string> = { principal: "principal", role: "role", domain: "domain", expires_at: "ends", namespaces: "namespaces" };
const findGrantField = (path: string) => FIELDS[path.split(".")[0]!] ?? null;

export function NewGrant({ changed }: { changed: () => void }) {
  const [refusal, refuse] = useState(ACCEPTED);
  const isAdmin = hasRole("admin");
  const domains = (session.value?.grants ?? []).filter((each) => each.role === "steward" && each.domain !== "*").map((each) => each.domain);
  const submit = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name)).trim();
    const namespaces = text("namespaces").split(",").map((each) => each.trim()).filter(Boolean);
    const body = {
      principal: text("principal"),
      role: text("role"),
      domain: text("domain"),
      ...(text("ends") ? { expires_at: `${text("ends")}T23:59:59Z` } : {}),
      ...(namespaces.length > 0 ? { namespaces } : {}),
    };
    try {
      await write<Grant>(["grants"], { method: "POST", body });
      changed();
    } catch (error) {
      refuse(sortErrors(error, findGrantField));
    }
  };
  const { problems } = refusal;
  return (
    <section aria-labelledby="new-grant">
      <h2 id="new-grant">Grant a role</h2>
      <form class="edit" onSubmit={submit} noValidate aria-label="New grant">
        <Refused refusal={refusal} />
        <Field name="principal" title="Who" problems={problems} note="key:<id>, or jwt:<issuer>#<subject>: as “Sign out” shows it to them">
          {(attributes) => <input {...attributes} autocomplete="off" />}
        </Field>
        <Field name="role" title="Role" problems={problems}>
          {(attributes) => (
            <select {...attributes}>
              <option>reader</option>
              <option>contributor</option>
              <option>steward</option>
              {isAdmin && <option>admin</option>}
            </select>
          )}
        </Field>
        <Field name="domain" title="Of the domain" problems={problems} {...(isAdmin ? { note: "* for all of them" } : {})}>
          {(attributes) => <input {...attributes} defaultValue={domains[0] ?? ""} autocomplete="off" />}
        </Field>
        <Field name="ends" title="Ends after" problems={problems} note="Left out, never">
          {(attributes) => <input {...attributes} type="date" />}
        </Field>
        <Field name="namespaces" title="Namespaces of OpenLineage" problems={problems} note="For contributors, with commas between them: events of other namespaces than the domain’s">
          {(attributes) => <input {...attributes} autocomplete="off" />}
        </Field>
        <p>
          <button type="submit">Grant</button>
        </p>
      </form>
    </section>
  );
}
