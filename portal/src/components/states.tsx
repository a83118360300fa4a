/** What a page shows while it waits, when there is nothing, and when something went wrong. */
import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/client.ts";
import { type Asked, askAgain } from "../api/use.ts";
import { address, asOf, linkHere, linkTo } from "../location.ts";
import { isSigningIn, session } from "../session.ts";

interface ResultProps<T> {
  asked: Asked<T>;
  what: string;
  children: (data: T, headers: Headers) => ComponentChildren;
}

export function Result<T>({ asked, what, children }: ResultProps<T>) {
  if (asked.state === "loading") return <Loading what={what} />;
  if (asked.state === "failed") return <Failure error={asked.error} what={what} />;
  return <>{children(asked.data, asked.headers)}</>;
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="state" role="status">
      Loading {what}…
    </p>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="state">{children}</p>;
}

export function Failure({ error, what }: { error: ApiError; what: string }) {
  const [kind, product] = address.value.segments;
  const needsKey = error.status === 401 && !session.value;
  return (
    <div class="state failure" role="alert">
      <p>
        <strong>{needsKey ? `A key is needed for ${what}.` : `No ${what}: ${describe(error)}`}</strong>
      </p>
      {error.message && <p>{error.message}</p>}
      {error.status === 403 && kind === "p" && product && (
        <p>
          <a href={linkTo(["p", product, "access"])}>Ask for access</a>
        </p>
      )}
      {error.status === 404 && asOf.value && (
        <p>
          <a href={linkHere({ as_of: null })}>Show the present</a>
        </p>
      )}
      {needsKey ? (
        <button type="button" onClick={() => (isSigningIn.value = true)}>
          Sign in
        </button>
      ) : (
        <button type="button" onClick={askAgain}>
          Try again
        </button>
      )}
    </div>
  );
}

function describe(error: ApiError): string {
  const known: Record<number, string> = {
    0: "no answer.",
    400: "the question was not understood.",
    403: "you may not see it.",
    404: asOf.value ? "there was none of this name at that moment." : "there is none of this name.",
    410: "the past does not reach back so far.",
    413: "it is more than one request may read.",
    422: "the question was not understood.",
    424: "the data is not what its product says.",
    429: "too many requests at this moment.",
    503: "the registry cannot answer at this moment.",
  };
  return known[error.status] ?? `the registry answered ${error.status}.`;
}
