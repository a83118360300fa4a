/** The outcome of a check or a run: a sign and a word, so that colour is never the only one. */
import type { CheckOutcome } from "../api/checks.ts";
import { SIGNS } from "../checks.ts";

export function Outcome({ outcome, brief = false }: { outcome: CheckOutcome; brief?: boolean }) {
  return (
    <span class={`badge ${outcome}`}>
      <span aria-hidden="true">{SIGNS[outcome]}</span> <span class={brief ? "hidden" : undefined}>{outcome}</span>
    </span>
  );
}
