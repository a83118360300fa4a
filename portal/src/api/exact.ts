/** JSON whose whole numbers keep their digits: those beyond 2^53 are no numbers of a browser. */

/** The text that a value was parsed from; older browsers do not tell it, and round. */
interface Context {
  readonly source?: string;
}
const MAY_BE_LARGE = /\d{16}/;

/** Parse JSON. A number that would be rounded becomes what `JSON.stringify` writes with its digits. */
export function parseExactly(text: string): unknown {
  return MAY_BE_LARGE.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_: string, value: unknown, context?: Context): unknown {
  const digits = context?.source ?? "";
  const isRounded = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits);
  return isRounded && JSON.rawJSON ? JSON.rawJSON(digits) : value;
}
