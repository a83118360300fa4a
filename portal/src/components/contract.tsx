/** The contract of a product as a file, in the language of each tool that there is one for. */
import { useState } from "preact/hooks";
import { addressOf, askFile, saveFile } from "../api/client.ts";
import { asOf } from "../location.ts";

/** Format of the API, its name, and how the name of its file ends. */
const FORMATS = [
  ["odcs", "ODCS", "odcs.yaml"],
  ["odps", "ODPS", "odps.yaml"],
  ["jsonschema", "JSON Schema", "schema.json"],
  ["avro", "Avro", "avsc"],
  ["sql", "SQL", "sql"],
  ["dbt", "dbt", "dbt.yml"],
  ["markdown", "Markdown", "md"],
] as const;

export function ContractFiles({ name }: { name: string }) {
  const [problem, setProblem] = useState("");
  const values = { as_of: asOf.value };
  const path = ["product", name, "contract"];
  const save = async (format: string, ending: string) => {
    setProblem("");
    try {
      const { data, headers } = await askFile(path, { ...values, format });
      const isJson = (headers.get("Content-Type") ?? "").includes("json");
      saveFile(data, `${name}.${isJson ? ending.replace("yaml", "json") : ending}`);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <ul class="formats" aria-label="The contract as a file">
        {FORMATS.map(([format, title, ending]) => (
          <li key={format}>
            {/* An address to send, where reads are open to all; a click sends the key, too. */}
            <a
              href={addressOf(path, { ...values, format })}
              download={`${name}.${ending}`}
              onClick={(event) => {
                event.preventDefault();
                void save(format, ending);
              }}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
      {problem && (
        <p class="warning" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
