/** Requests for access as a list: stewards decide them, whoever asked may withdraw. */
import { useState } from "preact/hooks";
import type { AccessRequest, RequestStatus } from "../api/access.ts";
import { write } from "../api/client.ts";
import { ProductLink } from "../components/product.tsx";
import { ACCEPTED, Field, Refused, sortErrors } from "../edit/forms.tsx";
import { formatMoment } from "../format.ts";
import { asOf } from "../location.ts";
import { hasRole, session } from "../session.ts";

const SIGNS: Record<RequestStatus, string> = { open: "○", granted: "✓", refused: "✗", withdrawn: "–" };
const KINDS: Partial<Record<RequestStatus, string>> = { granted: "passed", refused: "failed" };

/** The button of a form that Enter presses is its first one, which grants. */
function refuseByEnter(event: KeyboardEvent): void {
  const form = (event.currentTarget as HTMLInputElement).form!;
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector<HTMLButtonElement>('button[value="refuse"]'));
}

export function RequestList({ requests, changed }: { requests: readonly AccessRequest[]; changed: () => void }) {
  return (
    <ul class="results">
      {requests.map((each) => (
        <OneRequest key={each.id} request={each} changed={changed} />
      ))}
    </ul>
  );
}

function OneRequest({ request, changed }: { request: AccessRequest; changed: () => void }) {
  const { status } = request;
  return (
    <li>
      <p class="facts">
        <strong>
          <ProductLink name={request.product} />
        </strong>
        <span>{request.principal}</span>
        <span class={`badge ${KINDS[status] ?? ""}`}>
          <span aria-hidden="true">{SIGNS[status]}</span> {status}
        </span>
        <span class="note">
          asked {formatMoment(request.requested_at)}
          {request.until && `, until ${formatMoment(request.until)}`}
        </span>
      </p>
      <p class="description">{request.purpose}</p>
      {request.decided_by && (
        <p class="note">
          {status} by {request.decided_by}, {formatMoment(request.decided_at ?? "")}
          {request.granted_until && `; ends ${formatMoment(request.granted_until)}`}
          {request.reason && `: ${request.reason}`}
        </p>
      )}
      {status === "open" && !asOf.value && <Decision request={request} changed={changed} />}
    </li>
  );
}

function Decision({ request, changed }: { request: AccessRequest; changed: () => void }) {
  const [refusal, refuse] = useState(ACCEPTED);
  const isOwn = session.value?.principal === request.principal;
  const mayDecide = hasRole("steward", request.domain);
  const send = async (method: string, path: readonly string[], body?: unknown) => {
    try {
      await write(["requests", request.id, ...path], { method, ...(body === undefined ? {} : { body }) });
      changed();
    } catch (error) {
      refuse(sortErrors(error, (field) => (["until", "reason"].includes(field) ? `${field}-${request.id}` : null)));
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(`${name}-${request.id}`)).trim();
    const isGranted = event.submitter?.getAttribute("value") === "grant";
    if (isGranted) void send("POST", ["grant"], text("until") ? { until: `${text("until")}T23:59:59Z` } : {});
    else void send("POST", ["refuse"], { reason: text("reason") });
  };
  return (
    <form class="filters decision" onSubmit={submit} aria-label={`Decide on ${request.principal}`}>
      <Refused refusal={refusal} />
      {mayDecide && (
        <>
          <Field name={`until-${request.id}`} title="Access ends" problems={refusal.problems}>
            {(attributes) => <input {...attributes} type="date" defaultValue={request.until?.slice(0, 10) ?? ""} />}
          </Field>
          <button type="submit" value="grant">
            Grant
          </button>
          <Field name={`reason-${request.id}`} title="Why not" problems={refusal.problems}>
            {(attributes) => <input {...attributes} autocomplete="off" onKeyDown={refuseByEnter} />}
          </Field>
          <button type="submit" value="refuse" class="plain">
            Refuse
          </button>
        </>
      )}
      {isOwn && (
        <button type="button" class="quiet" onClick={() => send("DELETE", [])}>
          Withdraw
        </button>
      )}
    </form>
  );
}
