/** The form of a product. It holds no rule: the registry decides, and its words stand at the fields. */
import { ColumnsForm } from "./columns.tsx";
import { type Draft, type LineField, LINES, type TextField } from "./draft.ts";
import { Field, Refused, type Refusal } from "./forms.tsx";
import { LinesForm } from "./lines.tsx";

/** What stands behind a heading that is opened. */
const DETAILS: readonly (keyof Draft)[] = [
  "contacts", "channel", "channel_url", "freshness", "latency", "retention", "element", "links", "glossary_terms", "openlineage",
];
const COMMAS = 'With commas between them; what has a comma stands in "quotes"';
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
  const line = (field: TextField, title: string, note?: string) => (
    <Field name={field} title={title} problems={problems} {...(note ? { note } : {})}>
      {(attributes) => <input {...attributes} value={draft[field]} onInput={set(field)} autocomplete="off" />}
    </Field>
  );
  const choice = (field: TextField, title: string, values: readonly string[]) => (
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
  const lines = (field: LineField, title: string, what: string) => (
    <Field name={field} title={title} problems={problems}>
      {({ id, ...attributes }) => (
        <div id={id} role="group" tabIndex={-1} aria-label={title} aria-describedby={attributes["aria-describedby"]} aria-invalid={attributes["aria-invalid"]}>
          <LinesForm what={what} parts={LINES[field]} lines={draft[field]} change={(to) => change({ ...draft, [field]: to })} />
        </div>
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
      <div class="together">
        {line("domain", "Domain")}
        {line("owner", "Owner")}
      </div>
      {line("title", "Title")}
      <Field name="description" title="Description" problems={problems}>
        {(attributes) => <textarea {...attributes} rows={4} value={draft.description} onInput={set("description")} />}
      </Field>
      {line("tags", "Tags", COMMAS)}
      <div class="together">
        {choice("status", "Status", ["active", "deprecated", "inactive"])}
        {line("version", "Version", "Three numbers, such as 1.2.0")}
        {choice("visibility", "Visibility", ["internal", "public", "private"])}
      </div>
      {line("location", "Folder of its data", `Such as domains/${draft.domain || "sales"}/orders/; leave it empty if its rows are not read here`)}
      {choice("format", "Format of its data", FORMATS)}
      <Field name="columns" title="Columns" problems={problems}>
        {({ id, ...attributes }) => (
          <div id={id} role="group" tabIndex={-1} aria-label="Columns" aria-describedby={attributes["aria-describedby"]}>
            <ColumnsForm columns={draft.columns} change={(columns) => change({ ...draft, columns })} />
          </div>
        )}
      </Field>
      <details open={!isNew || DETAILS.some((field) => problems[field])}>
        <summary>Whom to ask, what is promised, and names elsewhere</summary>
        <div class="edit">
          {lines("contacts", "Contacts", "contact")}
          <div class="together">
            {line("channel", "Where users get help", "A name, such as #sales-data")}
            {line("channel_url", "Address of the help", "Of http or https")}
          </div>
          <div class="together">
            {line("freshness", "Newest data is at most … old", "A duration of ISO 8601: PT24H is a day")}
            {line("latency", "Data is here within", "Such as PT1H")}
            {line("retention", "Data is kept for", "Such as P7Y")}
            {line("element", "Told from the column", "Left out, from the times of files")}
          </div>
          {lines("links", "Links", "link")}
          {line("glossary_terms", "Words of the business", COMMAS)}
          {lines("openlineage", "Datasets of OpenLineage that it is", "dataset")}
        </div>
      </details>
      <p class="filters">
        <button type="submit" disabled={isSaving}>
          {isNew ? "Register" : "Save"}
        </button>
        <a href={cancel}>Cancel</a>
      </p>
    </form>
  );
}
