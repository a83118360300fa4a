/** The key of the person: in memory, in the tab's storage only on request, and forgotten when nobody is there. */
import { signal } from "@preact/signals";

const NAME = "data-mesh-registry-key";
const IDLE_MILLISECONDS = 15 * 60 * 1000;

export interface Session {
  readonly key: string;
  readonly principal: string;
}

export const session = signal<Session | null>(restore());
export const isSigningIn = signal(false);

function restore(): Session | null {
  try {
    const kept = window.sessionStorage.getItem(NAME);
    return kept ? (JSON.parse(kept) as Session) : null;
  } catch {
    return null;
  }
}

export function signIn(found: Session, keep: boolean): void {
  session.value = found;
  if (keep) window.sessionStorage.setItem(NAME, JSON.stringify(found));
}

export function signOut(): void {
  session.value = null;
  window.sessionStorage.removeItem(NAME);
}

export function forgetWhenIdle(): void {
  let timer = 0;
  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(signOut, IDLE_MILLISECONDS);
  };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, wait, { passive: true });
  wait();
}
