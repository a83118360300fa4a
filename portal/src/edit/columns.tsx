/** The columns of a product in a form. */
import type { ColumnDraft } from "./draft.ts";

const TYPES = ["string", "integer", "bigint", "decimal", "double", "boolean", "date", "timestamp", "object", "array"];

export function ColumnsForm({ columns, change }: { columns: readonly ColumnDraft[]; change: (to: readonly ColumnDraft[]) => void }) {
  const set = (index: number, more: Partial<ColumnDraft>) =>
    change(columns.map((each, at) => (at === index ? { ...each, ...more } : each)));
  return (
    <>
      <datalist id="types">
        {TYPES.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {columns.map((column, index) => (
        <div key={index} class="column-row" role="group" aria-label={`Column ${index + 1}`}>
          <input aria-label="Name of the column" placeholder="name" value={column.name} onInput={(event) => set(index, { name: event.currentTarget.value })} />
          <input aria-label="Type" list="types" value={column.type} onInput={(event) => set(index, { type: event.currentTarget.value })} />
          <input
            aria-label="Description of the column"
            placeholder="what it holds"
            value={column.description}
            onInput={(event) => set(index, { description: event.currentTarget.value })}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Take column ${index + 1} away`}
            onClick={() => change(columns.filter((_, at) => at !== index))}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" onClick={() => change([...columns, { name: "", type: "string", description: "" }])}>
        Add a column
      </button>
    </>
  );
}
