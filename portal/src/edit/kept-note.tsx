import { session } from "../session.ts";
import { isKept } from "./kept.ts";

/** Tell who was signed out in the middle of a form that nothing of it is lost. */
export function KeptNote({ place }: { place: string }) {
  if (session.value || !isKept(place)) return null;
  return (
    <p class="state failure" role="alert">
      <strong>Your sign-in has ended.</strong> What you wrote here is kept while this page is open: sign in again to go on.
    </p>
  );
}
