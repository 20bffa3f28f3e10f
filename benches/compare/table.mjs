// The results as Markdown. `node table.mjs` prints the table of RESULTS.json again, and puts it into README.md.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const begin = "<!-- bench:begin -->";
const end = "<!-- bench:end -->";

/** The Markdown of a whole comparison. */
export function table(results) {
  return [conditions(results), ...results.corpora.map(corpusTable), ""].join("\n\n").replace(/\n+$/, "\n");
}

function conditions({ machine, busy, runs, versions }) {
  const named = Object.entries(versions).filter(([name]) => name !== "Planish build").map(([name, version]) => `${name} ${version ?? "(missing)"}`);
  const count = runs === 1 ? "One run" : `Medians of ${runs} runs`;
  const warning = busy > 0.2 ? ` Others used ${Math.round(busy * 100)} % of the machine meanwhile: the times mean little.` : "";
  return (
    `${machine.date}, ${machine.cores} cores of ${machine.cpu}, ${machine.system}. ${named.join(", ")}; Node.js ${machine.node} runs ` +
    `Rolldown, Rspack and Vite. ${count}, tools taking turns. Time includes the start of the process; the peak is that ` +
    `of its memory; bytes are those of all scripts and stylesheets, without source maps.${warning}`
  );
}

function corpusTable({ title, rows }) {
  const notes = rows.filter(({ note }) => note).map(({ tool, note }) => `\\* ${tool}: ${note}.`);
  const lines = [
    `**${title}**`,
    "",
    "| | wall | CPU | peak | raw | Brotli 11 |",
    "|---|--:|--:|--:|--:|--:|",
    ...rows.map(rowLine),
    ...notes.flatMap((note) => ["", note]),
  ];
  return lines.join("\n");
}

function rowLine(row) {
  const name = row.note ? `${row.tool} \\*` : row.tool;
  if (row.failure) return `| ${name} | failed: ${row.failure.replaceAll("|", "\\|")} | | | | |`;
  const cells = [seconds(row.wall), seconds(row.cpu), `${Math.round(row.peak / 2 ** 20)} MiB`, bytes(row.raw), bytes(row.brotli)];
  return `| ${name} | ${cells.join(" | ")} |`;
}

function seconds(value) {
  return `${value.toFixed(2)} s`;
}

function bytes(value) {
  return value.toLocaleString("en-US");
}

/** Replaces what stands between the markers of a file, if it has them. */
export function spliceTable(path, text) {
  if (!existsSync(path)) return;
  const before = readFileSync(path, "utf8");
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  if (from < 0 || to < from) return;
  writeFileSync(path, `${before.slice(0, from + begin.length)}\n${text}${before.slice(to)}`);
}

if (process.argv[1] === import.meta.filename) {
  const text = table(JSON.parse(readFileSync(join(import.meta.dirname, "RESULTS.json"), "utf8")));
  process.stdout.write(text);
  spliceTable(join(import.meta.dirname, "../../README.md"), text);
}
