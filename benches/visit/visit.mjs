// Builds the shop with every tool, edits one line, builds again, and counts what a visitor who has seen every page downloads when all of
// them are seen once more. Started by `run`.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareShop } from "../compare/corpora.mjs";
import { buildPlanish, installOnce, planish } from "../compare/install.mjs";
import { brotli } from "../compare/sizes.mjs";
import { spliceTable } from "../compare/table.mjs";
import { grow, kinds, replace } from "./shop.mjs";

const repository = join(import.meta.dirname, "../..");
const work = join(repository, "target/bench-visit");

const usage = `usage: run [--print]

  --print   show the table only, instead of writing RESULTS.md and README.md too

PLANISH_BIN names a binary to measure; without it benches/guided/run builds one.`;

/** `command`: builds the shop of the current folder. `config`: its planish.toml. */
const tools = [
  { name: "Planish", command: planishBuild, config: "" },
  { name: "Planish, a chunk per package", command: planishBuild, config: '[js]\nsplit.vendor = "per-package"\n' },
  { name: "esbuild", command: script("esbuild"), package: "esbuild" },
  { name: "Vite", command: script("vite"), package: "vite" },
  { name: "webpack", command: script("webpack"), package: "webpack" },
];

const { values: options } = parseArgs({ options: { print: { type: "boolean", default: false }, help: { type: "boolean", default: false } } });
if (options.help) console.log(usage);
else main();

function main() {
  buildPlanish();
  installOnce(import.meta.dirname);
  const text = table(tools.map((tool) => ({ tool, visits: visits(tool) })));
  console.log(text);
  if (options.print) return;
  writeFileSync(join(import.meta.dirname, "RESULTS.md"), `# What a returning visitor downloads\n\n${text}`);
  spliceTable(join(repository, "README.md"), text, "visit");
}

function planishBuild(_, out) {
  return [planish, "build", "--no-cache", "--out", out];
}

function script(name) {
  return (entry, out) => [process.execPath, join(import.meta.dirname, "tools", `${name}.mjs`), entry, out];
}

/** For each kind of edit, and each edit of it, the files that a visitor downloads. */
function visits(tool) {
  const folder = join(work, "shop");
  const entry = prepareShop(folder);
  grow(folder);
  if (tool.config !== undefined) writeFileSync(join(folder, "planish.toml"), tool.config);
  const before = build(tool, folder, entry, "before");
  return kinds.map(({ name, edits }) => edits.map((edit) => {
    const path = join(folder, edit.file);
    const text = readFileSync(path, "utf8");
    replace(path, edit.old, edit.new);
    const after = build(tool, folder, entry, "after");
    writeFileSync(path, text);
    const files = [...after].filter(([name, bytes]) => !before.get(name)?.equals(bytes));
    if (files.length === 0) throw new Error(`${tool.name}: nothing changes with ${edit.file}`);
    process.stderr.write(`${tool.name}, ${name}: ${files.length} files\n`);
    return files.map(([name, bytes]) => ({ name, size: brotli(bytes).length }));
  }));
}

function build(tool, folder, entry, name) {
  const out = join(work, name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const [program, ...arguments_] = tool.command(entry, out);
  execFileSync(program, arguments_, { cwd: folder, env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1" }, stdio: ["ignore", "ignore", "pipe"] });
  const names = readdirSync(out, { recursive: true }).filter((name) => /\.(html|js|css|svg)$/.test(name));
  const files = new Map(names.filter((name) => statSync(join(out, name)).isFile()).map((name) => [name, readFileSync(join(out, name))]));
  if (files.size < 40) throw new Error(`${tool.name}: only ${files.size} files`);
  return files;
}

function table(rows) {
  const sum = (files) => files.reduce((total, { size }) => total + size, 0);
  const mean = (numbers) => Math.round(numbers.reduce((a, b) => a + b) / numbers.length);
  const text = (value) => value.toLocaleString("en-US");
  const line = ({ tool, visits }) => {
    const bytes = visits.map((edits) => mean(edits.map(sum)));
    const cells = visits.map((edits, at) => `${text(bytes[at])} (${mean(edits.map(({ length }) => length))})`);
    return `| ${tool.name} | ${cells.join(" | ")} | ${text(bytes.reduce((a, b) => a + b))} |`;
  };
  const own = rows[0].visits[0][0].filter(({ name }) => name.includes("Room"));
  return `${conditions()}

| | ${kinds.map(({ name }) => name).join(" | ")} | sum |
|---|${"--:|".repeat(kinds.length + 1)}
${rows.map(line).join("\n")}

Of what Planish has a visitor download after the edit of one route, ${text(sum(own))} bytes are the route's own.
`;
}

function conditions() {
  const version = (name) => JSON.parse(readFileSync(join(import.meta.dirname, "node_modules", name, "package.json"), "utf8")).version;
  const own = execFileSync(planish, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1);
  const others = tools.filter((tool) => tool.package).map((tool) => `${tool.name} ${version(tool.package)}`);
  return `\`fixtures/apps/react-shop\` with 40 lazy routes; one line of one file is edited, of packages in each of the four in turn, whose mean \
counts. Bytes with Brotli 11 of all that has changed, the page among it, and in parentheses the number of files: a visitor who has seen all \
routes before sees them all again. Planish ${own}, ${others.join(", ")}; \
webpack as its guide to caching says, the others with their defaults and hashed names.`;
}
