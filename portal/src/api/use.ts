/** A hook that asks the API whenever what it asks for changes; the latest question wins. */
import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { session } from "../session.ts";
import { type Answer, ApiError, addressOf, ask, type Values } from "./client.ts";

export type Asked<T> =
  | { readonly state: "loading"; readonly before?: Answer<T> }
  | { readonly state: "failed"; readonly error: ApiError }
  | { readonly state: "ready"; readonly data: T; readonly headers: Headers };

const turn = signal(0);

/** Ask once more for all that a page shows. Who is signed in stays so, as a reload of the page would not have it. */
export function askAgain(): void {
  turn.value += 1;
}

export function useApi<T>(path: readonly string[] | null, values: Values = {}): Asked<T> {
  return useAsked<T>(path && addressOf(path, values), (signal) => ask<T>(path!, values, signal));
}

/** As `useApi`, for what takes several requests; asked anew when `question` or the person changes. */
export function useAsked<T>(
  question: string | null,
  find: (signal: AbortSignal) => Promise<Answer<T>>,
): Asked<T> {
  const [asked, setAsked] = useState<{ question: string | null; result: Asked<T> }>({
    question: null,
    result: { state: "loading" },
  });
  const key = session.value?.key;
  const now = turn.value;
  useEffect(() => {
    if (question === null) return;
    setAsked((before) => (before.result.state === "failed" ? { question, result: { state: "loading" } } : before));
    const stop = new AbortController();
    const set = (result: Asked<T>) => !stop.signal.aborted && setAsked({ question, result });
    find(stop.signal).then(
      (answer) => set({ state: "ready", ...answer }),
      (error: unknown) => set({ state: "failed", error: toApiError(error) }),
    );
    return () => stop.abort();
  }, [question, key, now]);
  return asked.question === question ? asked.result : { state: "loading" };
}

function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, `The page could not be built: ${String(error)}`);
}
