import type { ComponentChildren } from "preact";

interface Properties {
  caption: string;
  /** The title of each column; an empty one stands above buttons. */
  headings: readonly string[];
  /** Those of them whose values are numbers, which stand at the right. */
  numbers?: readonly string[];
  /** The rows. */
  children: ComponentChildren;
}

/** A table that scrolls by itself where it is wider than the page, also with the keyboard. */
export function Table({ caption, headings, numbers = [], children }: Properties) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {headings.map((each) =>
              each ? (
                <th key={each} scope="col" class={numbers.includes(each) ? "number" : undefined}>
                  {each}
                </th>
              ) : (
                <td key={each} />
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
