/** The columns of a product in a form; those of objects and arrays stand below what holds them. */
import { type ColumnDraft, ITEMS, NEW_COLUMN } from "./column-draft.ts";

const TYPES = ["string", "integer", "bigint", "decimal", "double", "boolean", "date", "timestamp", "object", "array"];

interface ColumnsProps {
  columns: readonly ColumnDraft[];
  change: (to: readonly ColumnDraft[]) => void;
}

export function ColumnsForm({ columns, change }: ColumnsProps) {
  return (
    <>
      <datalist id="types">
        {TYPES.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <ColumnList columns={columns} change={change} within="" />
      <button type="button" onClick={() => change([...columns, NEW_COLUMN])}>
        Add a column
      </button>
    </>
  );
}

/** `within` says what holds the columns, for those who hear where they are. */
function ColumnList({ columns, change, within }: ColumnsProps & { within: string }) {
  const set = (index: number, more: Partial<ColumnDraft>) => change(columns.map((each, at) => (at === index ? { ...each, ...more } : each)));
  return (
    <>
      {columns.map((column, index) => (
        <ColumnForm
          key={index}
          column={column}
          title={`${within ? "Field" : "Column"} ${index + 1}${within}`}
          isNested={within !== ""}
          set={(more) => set(index, more)}
          remove={() => change(columns.filter((_, at) => at !== index))}
        />
      ))}
    </>
  );
}

interface ColumnProps {
  column: ColumnDraft;
  title: string;
  isNested: boolean;
  set: (more: Partial<ColumnDraft>) => void;
  remove: () => void;
}

function ColumnForm({ column, title, isNested, set, remove }: ColumnProps) {
  const { name, type, description, restricted, inner } = column;
  const isItems = name === ITEMS;
  const add = (added: ColumnDraft) => set({ inner: [...inner, added] });
  const holds = /^(object|struct|record)/i.test(type) ? "fields" : /^(array|list)/i.test(type) && inner.length === 0 ? "values" : null;
  return (
    <div class="column-form" role="group" aria-label={title}>
      <div class="column-row">
        {isItems ? (
          <span>each value</span>
        ) : (
          <input aria-label="Name of the column" placeholder="name" value={name} onInput={(event) => set({ name: event.currentTarget.value })} />
        )}
        <input aria-label="Type" list="types" value={type} onInput={(event) => set({ type: event.currentTarget.value })} />
        <input
          aria-label="Description of the column"
          placeholder="what it holds"
          value={description}
          onInput={(event) => set({ description: event.currentTarget.value })}
        />
        {isNested ? (
          <span />
        ) : (
          <label class="check note">
            <input type="checkbox" checked={restricted} onChange={(event) => set({ restricted: event.currentTarget.checked })} /> restricted
          </label>
        )}
        <button type="button" class="quiet" aria-label={`Take ${title.toLowerCase()} away`} onClick={remove}>
          ×
        </button>
      </div>
      {(holds || inner.length > 0) && (
        <div class="inner">
          <ColumnList columns={inner} change={(to) => set({ inner: to })} within={` of ${isItems ? "each value" : name || "the column"}`} />
          {holds === "fields" && (
            <button type="button" class="small" onClick={() => add(NEW_COLUMN)}>
              Add a field{name && !isItems && ` to ${name}`}
            </button>
          )}
          {holds === "values" && (
            <button type="button" class="small" onClick={() => add({ ...NEW_COLUMN, name: ITEMS })}>
              Say what each value of {isItems ? "it" : name || "it"} is
            </button>
          )}
        </div>
      )}
    </div>
  );
}
