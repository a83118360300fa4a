/** The form of a product. It holds no rule: the registry decides, and its words stand at the fields. */
import { ColumnsForm } from "./columns.tsx";
import type { Draft } from "./draft.ts";
import { Field, Refused, type Refusal } from "./forms.tsx";

const FORMATS = ["parquet", "csv", "jsonl", "delta"];

interface FormProps {
  draft: Draft;
  change: (to: Draft) => void;
  refusal: Refusal;
  isNew: boolean;
  isSaving: boolean;
  save: () => void;
  cancel: string;
}

export function ProductForm({ draft, change, refusal, isNew, isSaving, save, cancel }: FormProps) {
  const { problems } = refusal;
  const set = (field: keyof Draft) => (event: Event) =>
    change({ ...draft, [field]: (event.currentTarget as HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement).value });
  const line = (field: Exclude<keyof Draft, "columns">, title: string, note?: string) => (
    <Field name={field} title={title} problems={problems} {...(note ? { note } : {})}>
      {(attributes) => <input {...attributes} value={draft[field]} onInput={set(field)} autocomplete="off" />}
    </Field>
  );
  const choice = (field: Exclude<keyof Draft, "columns">, title: string, values: readonly string[]) => (
    <Field name={field} title={title} problems={problems}>
      {(attributes) => (
        <select {...attributes} value={draft[field]} onChange={set(field)}>
          {(values.includes(draft[field]) ? values : [draft[field], ...values]).map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  const submit = (event: Event) => {
    event.preventDefault();
    save();
  };
  return (
    <form class="edit" onSubmit={submit} noValidate aria-label={isNew ? "New product" : "Product"}>
      <Refused refusal={refusal} />
      {line("name", "Name", isNew ? "Letters, digits, dots, - and _" : "Whoever follows the old name is led to the new one.")}
      {line("domain", "Domain")}
      {line("owner", "Owner")}
      {line("title", "Title")}
      <Field name="description" title="Description" problems={problems}>
        {(attributes) => <textarea {...attributes} rows={4} value={draft.description} onInput={set("description")} />}
      </Field>
      {line("tags", "Tags", "With commas between them")}
      {choice("status", "Status", ["active", "deprecated", "inactive"])}
      {line("version", "Version", "Three numbers, such as 1.2.0")}
      {choice("visibility", "Visibility", ["internal", "public", "private"])}
      {line("location", "Folder of its data", `Such as domains/${draft.domain || "sales"}/orders/; leave it empty if its rows are not read here`)}
      {choice("format", "Format of its data", FORMATS)}
      <Field name="columns" title="Columns" problems={problems}>
        {({ id, ...attributes }) => (
          <div id={id} role="group" tabIndex={-1} aria-label="Columns" aria-describedby={attributes["aria-describedby"]}>
            <ColumnsForm columns={draft.columns} change={(columns) => change({ ...draft, columns })} />
          </div>
        )}
      </Field>
      <p class="filters">
        <button type="submit" disabled={isSaving}>
          {isNew ? "Register" : "Save"}
        </button>
        <a href={cancel}>Cancel</a>
      </p>
    </form>
  );
}
