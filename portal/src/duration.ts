/** Durations of ISO 8601, such as `P1DT12H`, as a service level promises them. */

const SECONDS = { year: 31_536_000, month: 2_592_000, week: 604_800, day: 86_400, hour: 3_600, minute: 60, second: 1 } as const;
type Unit = keyof typeof SECONDS;
const UNITS = Object.keys(SECONDS) as Unit[];
const FORM = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function readParts(text: string): (readonly [Unit, number])[] {
  const found = FORM.exec(text);
  return found ? UNITS.flatMap((unit, index) => (found[index + 1] ? [[unit, Number(found[index + 1])] as const] : [])) : [];
}

/** Return how long it is; a month has 30 days, a year 365. Null for what is no duration. */
export function countSeconds(text: string): number | null {
  const parts = readParts(text);
  return parts.length > 0 ? parts.reduce((sum, [unit, count]) => sum + SECONDS[unit] * count, 0) : null;
}

/** Return a duration in words: "1 day 12 hours"; what is none stays as it is. */
export function formatPeriod(text: string): string {
  const words = readParts(text).map(([unit, count]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return words.length > 0 ? words.join(" ") : text;
}
