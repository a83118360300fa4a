/** The key or the token of the person: in memory, in the tab's storage only on request, and forgotten when nobody is there. */
import { signal } from "@preact/signals";
import type { CallerGrant, Role } from "./api/types.ts";

const NAME = "data-mesh-registry-key";
const IDLE_MILLISECONDS = 15 * 60 * 1000;

export interface Session {
  readonly key: string;
  readonly principal: string;
  readonly grants: readonly CallerGrant[];
  /** When a token ends, in milliseconds; a key says nothing of its end. */
  readonly ends?: number;
}

const ROLES: readonly Role[] = ["reader", "contributor", "steward", "admin"];

export const session = signal<Session | null>(restore());
export const isSigningIn = signal(false);
let isRefused = false;

/** Tell whether the last session was ended by the registry, not by the person. */
export const wasRefused = (): boolean => isRefused;

function restore(): Session | null {
  try {
    const kept = window.sessionStorage.getItem(NAME);
    return kept ? { grants: [], ...(JSON.parse(kept) as Omit<Session, "grants">) } : null;
  } catch {
    return null;
  }
}

export function signIn(found: Session, keep: boolean): void {
  session.value = found;
  forgetAtEnd();
  if (keep) window.sessionStorage.setItem(NAME, JSON.stringify(found));
}

/**
 * Tell whether the person has a role in a domain, or in one of them if none is named.
 *
 * It decides what a page offers. What is done is decided by the API, each time anew.
 */
export function hasRole(role: Role, domain?: string): boolean {
  const grants = session.value?.grants ?? [];
  return grants.some(
    (each) =>
      !each.product &&
      ROLES.indexOf(each.role) >= ROLES.indexOf(role) &&
      (domain === undefined || each.domain === "*" || each.domain.toLowerCase() === domain.toLowerCase()),
  );
}

/**
 * Tell whether an answer says that the registry does not take the person's key or token (any more).
 *
 * The gateway answers so, and SAM's in other words; of a role that is missing the registry tells in its own.
 */
export function isEndOfSession(status: number, message: string): boolean {
  return status === 401 || (status === 403 && /^(Forbidden|User is not authorized to access this resource)$/.test(message));
}

/** End the session; `refused` if the registry no longer takes what the person has signed in with. */
export function signOut({ refused = false } = {}): void {
  isRefused = refused;
  session.value = null;
  window.sessionStorage.removeItem(NAME);
}

function forgetAtEnd(): void {
  const found = session.value;
  if (!found?.ends) return;
  const left = Math.min(found.ends - Date.now(), 2 ** 31 - 1);
  window.setTimeout(() => session.value === found && signOut({ refused: true }), Math.max(0, left));
}

export function forgetWhenIdle(): void {
  forgetAtEnd();
  let timer = 0;
  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(signOut, IDLE_MILLISECONDS);
  };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, wait, { passive: true });
  wait();
}
