// The results as Markdown. `node table.mjs` prints the table of RESULTS.json again, and puts it into README.md.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The Markdown of a whole comparison. */
export function table(results) {
  const parts = [conditions(results), ...(results.corpora ?? []).map(corpusTable), ...rebuildTables(results)];
  return parts.join("\n\n") + "\n";
}

/** The same in a few lines: times of cold builds, and of what comes after. */
export function shortTable(results) {
  return [conditions(results), coldTable(results.corpora ?? []), ...rebuildTables(results)].join("\n\n") + "\n";
}

function conditions({ machine, dates, busy, runs, versions }) {
  const days = [...new Set(Object.values(dates))].sort();
  const partsOf = (day) => Object.keys(dates).filter((part) => dates[part] === day).join(", ");
  const when = days.length === 1 ? days[0] : days.map((day) => `${partsOf(day)}: ${day}`).join("; ");
  const named = Object.entries(versions).filter(([name]) => name !== "Planish build").map(([name, version]) => `${name} ${version ?? "(missing)"}`);
  const count = runs === 1 ? "One run" : `Medians of ${runs} runs`;
  const warning = busy > 0.2 ? ` Others used ${Math.round(busy * 100)} % of the machine meanwhile: ratios mean more than seconds.` : "";
  return (
    `${when}. ${machine.cores} cores of ${machine.cpu}, ${machine.system}. ${named.join(", ")}; Node.js ${machine.node} runs ` +
    `those after esbuild. ${count}, tools taking turns. Time includes the start of the process; the peak is that of its ` +
    `memory; bytes are those of all scripts and stylesheets, without source maps.${warning}`
  );
}

/** A table with a row for each of some things and a column for each tool. */
function byTool(head, tools, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line([head, ...tools]), `|---|${tools.map(() => "--:").join("|")}|`, ...rows.map(line)].join("\n");
}

function coldTable(corpora) {
  const tools = [...new Set(corpora.flatMap(({ rows }) => rows.map(({ tool }) => tool)))].filter((tool) => tool !== "Planish build");
  const cell = (row) => (row?.wall === undefined ? "–" : `${seconds(row.wall)}, ${Math.round(row.peak / 2 ** 20)} MiB`);
  const rows = corpora.map(({ title, rows }) => [title, ...tools.map((name) => cell(rows.find(({ tool }) => tool === name)))]);
  return byTool("minified with source maps, nothing kept", tools, rows);
}

function rebuildTables({ warm = [], watch = [], storefront }) {
  const tables = warm.map((corpus) => rebuildTable(corpus, watch.find(({ name }) => name === corpus.name)));
  return storefront ? [...tables, storefrontTable(storefront)] : tables;
}

function rebuildTable({ title, rows }, watched) {
  const tools = [...new Set([...rows, ...(watched?.rows ?? [])].map(({ tool }) => tool))];
  const of = (rows, name) => rows?.find(({ tool }) => tool === name);
  const keeps = (row) => (row.keeps ? "" : " \\*");
  const cell = (what) => (name) => {
    const row = of(rows, name);
    if (!row) return "–";
    return row.failure ? "failed" : seconds(row[what]) + keeps(row);
  };
  const edit = (name) => {
    const row = of(watched?.rows, name);
    return row?.median === undefined ? "–" : `${seconds(row.median)} (${seconds(row.p95)})`;
  };
  const lines = [
    ["with an empty cache", ...tools.map(cell("cold"))],
    ["with nothing changed", ...tools.map(cell("unchanged"))],
    ["with one line changed", ...tools.map(cell("edited"))],
    ["watching: one line to written files, median (p95)", ...tools.map(edit)],
  ];
  return byTool(`${title}, built with a cache`, tools, lines) + "\n\n\\* keeps nothing between builds. esbuild is told to rebuild, the others notice.";
}

function storefrontTable(rows) {
  const tools = rows.map(({ tool }) => tool);
  const cell = (row, what) => (row.failure ? "failed" : seconds(row[what]));
  return byTool("`fixtures/storefront`: images, compression, service worker", tools, [
    ["with an empty cache", ...rows.map((row) => cell(row, "cold"))],
    ["with nothing changed", ...rows.map((row) => cell(row, "warm"))],
  ]);
}

function corpusTable({ title, rows }) {
  const notes = rows.filter(({ note }) => note).map(({ tool, note }) => `\\* ${tool}: ${note}.`);
  const heads = ["wall", "CPU", "peak", "raw", "Brotli 11", ...(rows.some(({ visit }) => visit) ? ["of it one page needs (most)"] : [])];
  const lines = [
    `**${title}**`,
    "",
    `| | ${heads.join(" | ")} |`,
    `|---|${heads.map(() => "--:").join("|")}|`,
    ...rows.map((row) => rowLine(row, heads.length)),
    ...notes.flatMap((note) => ["", note]),
  ];
  return lines.join("\n");
}

function rowLine(row, columns) {
  const name = row.note ? `${row.tool} \\*` : row.tool;
  if (row.failure) return `| ${name} | failed: ${row.failure.replaceAll("|", "\\|")} |${" |".repeat(columns - 1)}`;
  const cells = [seconds(row.wall), seconds(row.cpu), `${Math.round(row.peak / 2 ** 20)} MiB`, bytes(row.raw), bytes(row.brotli)];
  if (row.visit) cells.push(`${bytes(row.visit.median)} (${bytes(row.visit.most)})`);
  return `| ${name} | ${cells.join(" | ")} |`;
}

function seconds(value) {
  return value < 0.1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;
}

function bytes(value) {
  return Math.round(value).toLocaleString("en-US");
}

/** Replaces what stands between the markers of a file, if it has them: `<!-- bench:begin -->` and `<!-- bench:end -->`. */
export function spliceTable(path, text, name = "bench") {
  if (!existsSync(path)) return;
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const before = readFileSync(path, "utf8");
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) return;
  writeFileSync(path, `${before.slice(0, from + begin.length)}\n${text}${before.slice(to)}`);
}

if (process.argv[1] === import.meta.filename) {
  const results = JSON.parse(readFileSync(join(import.meta.dirname, "RESULTS.json"), "utf8"));
  process.stdout.write(table(results));
  spliceTable(join(import.meta.dirname, "../../README.md"), shortTable(results));
}
