/** Moments: along a slider, from when a product was registered until now, and before others. */

export const STEPS = 200;
const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * Return the moment some days before another one; before the present if there is none, or it is no moment.
 *
 * The present is of whole minutes: a page that is drawn again asks the same.
 */
export function daysBefore(moment: string, days: number, now: Date): Date {
  const end = new Date(moment).getTime();
  const present = Math.floor(now.getTime() / MINUTE) * MINUTE;
  return new Date((Number.isNaN(end) ? present : end) - days * DAY);
}

/** Return the moment of a step in whole seconds; null for the last one, the present. */
export function momentOf(step: number, begin: string, now: Date): string | null {
  if (step >= STEPS) return null;
  const from = Math.ceil(new Date(begin).getTime() / 1000);
  const span = Math.max(0, now.getTime() / 1000 - from);
  return new Date((from + Math.round((span * step) / STEPS)) * 1000).toISOString().replace(".000", "");
}

/** Return the step nearest to a moment; the last one for none. */
export function stepOf(moment: string, begin: string, now: Date): number {
  const [from, at] = [new Date(begin).getTime(), new Date(moment).getTime()];
  if (!moment || Number.isNaN(at) || now.getTime() <= from) return STEPS;
  return Math.min(STEPS, Math.max(0, Math.round((STEPS * (at - from)) / (now.getTime() - from))));
}
