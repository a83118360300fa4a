/** How the rows of a product are read with other tools, with the real address. */

export interface SnippetWriter {
  title: string;
  write(address: string, needsKey: boolean): string;
}

export const SNIPPETS: readonly SnippetWriter[] = [
  {
    title: "curl",
    write: (address, needsKey) =>
      `curl ${needsKey ? '-H "Authorization: Bearer $KEY" ' : ""}"${address}?format=csv&limit=all"`,
  },
  {
    title: "Python",
    write: (address, needsKey) =>
      [
        ...(needsKey ? ["import os"] : []),
        "import pandas",
        "",
        "rows = pandas.read_csv(",
        `    "${address}?format=csv&limit=all",`,
        ...(needsKey ? ['    storage_options={"Authorization": "Bearer " + os.environ["KEY"]},'] : []),
        ")",
      ].join("\n"),
  },
  {
    title: "DuckDB shell",
    write: (address, needsKey) =>
      [
        ...(needsKey ? ["CREATE SECRET (TYPE http, BEARER_TOKEN getenv('KEY'));"] : []),
        `SELECT * FROM read_csv('${address.replaceAll("'", "''")}?format=csv&limit=all');`,
      ].join("\n"),
  },
];
