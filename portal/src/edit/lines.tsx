/** A list in a form: lines that are written, added and taken away. */
import type { Line } from "./draft.ts";

interface LinesProps {
  /** What one line is: "contact". */
  what: string;
  parts: readonly string[];
  lines: readonly Line[];
  change: (to: readonly Line[]) => void;
}

export function LinesForm({ what, parts, lines, change }: LinesProps) {
  const set = (index: number, part: string, text: string) => change(lines.map((line, at) => (at === index ? { ...line, [part]: text } : line)));
  return (
    <>
      {lines.map((line, index) => (
        <div key={index} class="line-row" role="group" aria-label={`${what} ${index + 1}`}>
          {parts.map((part) => (
            <input
              key={part}
              aria-label={`${part} of ${what} ${index + 1}`}
              placeholder={part}
              value={line[part] ?? ""}
              autocomplete="off"
              onInput={(event) => set(index, part, event.currentTarget.value)}
            />
          ))}
          <button type="button" class="quiet" aria-label={`Take ${what} ${index + 1} away`} onClick={() => change(lines.filter((_, at) => at !== index))}>
            ×
          </button>
        </div>
      ))}
      <button type="button" onClick={() => change([...lines, Object.fromEntries(parts.map((part) => [part, ""]))])}>
        Add a {what}
      </button>
    </>
  );
}
