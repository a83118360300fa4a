// Build the portal: node build.mjs FOLDER
//
// Writes script, style, worker and icon under names that hold their digests, each compressed, the page that loads
// them, and portal.json, which says what the files are. Equal sources make equal bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
const files = {};
const written = new Map();

function keep(name, extension, type, content) {
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const full = `${name}.${digest}.${extension}`;
  const compressed = gzipSync(content, { level: 9 });
  compressed[9] = 255; // the system that compressed: unknown
  written.set(`${full}.gz`, compressed);
  files[full] = { type, bytes: content.length, gzip: compressed.length };
  return full;
}

async function bundle(entry, define = {}) {
  const made = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    define,
    write: false,
    logLevel: "warning",
  });
  return Buffer.from(made.outputFiles[0].contents);
}

// What is bundled asks for its notice to come along.
function collectLicences() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const names = [...Object.keys(dependencies), "@preact/signals-core"];
  return names.map((name) => `${name}\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")}`).join("\n\n");
}

const worker = keep("layout", "js", "text/javascript", await bundle("src/graph/worker.ts"));
const page = {
  script: keep("app", "js", "text/javascript", await bundle("src/main.tsx", { WORKER_FILE: JSON.stringify(worker) })),
  style: keep("app", "css", "text/css", await bundle("styles/app.css")),
  icon: keep("icon", "svg", "image/svg+xml", readFileSync(join(here, "icon.svg"))),
};
keep("licences", "txt", "text/plain", Buffer.from(collectLicences()));

let html = readFileSync(join(here, "index.html"), "utf8");
for (const [name, file] of Object.entries(page)) html = html.replaceAll(`{${name}}`, file);
written.set("index.html", html);
// Last: what is there is whole once it says so.
written.set("portal.json", `${JSON.stringify({ page, worker, files }, null, 1)}\n`);
mkdirSync(folder, { recursive: true });
for (const [name, content] of written) writeFileSync(join(folder, name), content);
for (const name of readdirSync(folder)) if (!written.has(name)) rmSync(join(folder, name), { recursive: true });

const script = files[page.script].gzip / 1024;
console.log(`Portal: ${script.toFixed(1)} KiB of script and ${(files[page.style].gzip / 1024).toFixed(1)} KiB of style, compressed`);
