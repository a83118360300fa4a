/**
 * What somebody has written in a form when their sign-in ends: kept in memory, for the same person.
 *
 * Who was refused may come back with another key: what they wrote is given to whoever may use the form next.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { parseExactly } from "../api/exact.ts";
import { session, wasRefused } from "../session.ts";

interface Kept {
  /** Whom it is given back to; null for anybody. */
  readonly principal: string | null;
  readonly state: unknown;
}
const NAME = "data-mesh-registry-kept";
const kept = signal<ReadonlyMap<string, Kept>>(restore());

function restore(): ReadonlyMap<string, Kept> {
  try {
    const carried = window.sessionStorage.getItem(NAME);
    window.sessionStorage.removeItem(NAME);
    return new Map(carried ? (parseExactly(carried) as [string, Kept][]) : []);
  } catch {
    return new Map();
  }
}

/** Leave what is kept in the tab's storage while the person is at the provider, and the page is not there. */
export function carryOver(): void {
  if (kept.value.size > 0) window.sessionStorage.setItem(NAME, JSON.stringify([...kept.value]));
}

/** Tell whether a form was left at a place when a sign-in ended. */
export const isKept = (place: string): boolean => kept.value.has(place);

export function keep(place: string, principal: string | null, state: unknown): void {
  kept.value = new Map([...kept.value, [place, { principal, state }]]);
}

/** Return what was kept at a place, and forget it; null if there is nothing, or another person's. */
export function takeKept(place: string, principal: string): unknown {
  const found = kept.value.get(place);
  if (!found) return null;
  kept.value = new Map([...kept.value].filter(([each]) => each !== place));
  return found.principal === null || found.principal === principal ? found.state : null;
}

/** Hold the state of a form as `useState` does, and keep it if the form goes because the sign-in has ended. */
export function useKeptState<T>(place: string, first: T): [T, (to: T) => void] {
  const principal = useRef(session.value?.principal ?? "").current;
  const begun = useRef(first).current;
  const [state, setState] = useState<T>(() => (takeKept(place, principal) as T | null) ?? begun);
  const latest = useRef(state);
  latest.current = state;
  useEffect(
    () => () => {
      if (!session.value && latest.current !== begun) keep(place, wasRefused() ? null : principal, latest.current);
    },
    [],
  );
  return [state, setState];
}
