/** What only some people may do: others are told who may. */
import type { ComponentChildren } from "preact";
import type { Role } from "../api/types.ts";
import { asOf, linkHere } from "../location.ts";
import { hasRole, isSigningIn, session } from "../session.ts";
import { Empty } from "./states.tsx";

/** What stands in the place of a form while a page shows an earlier moment. */
export function Past() {
  return (
    <Empty>
      What was cannot be changed. <a href={linkHere({ as_of: null })}>Show the present</a>
    </Empty>
  );
}

export function Needs({ role, domain, what, children }: { role: Role; domain?: string; what: string; children: ComponentChildren }) {
  if (asOf.value) return <Past />;
  if (hasRole(role, domain)) return <>{children}</>;
  const who = `${role[0]!.toUpperCase()}${role.slice(1)}s${domain ? ` of ${domain}` : ""} may ${what}.`;
  return (
    <Empty>
      {who}{" "}
      {session.value ? (
        "You are not one of them: ask a steward of the domain."
      ) : (
        <button type="button" onClick={() => (isSigningIn.value = true)}>
          Sign in
        </button>
      )}
    </Empty>
  );
}
