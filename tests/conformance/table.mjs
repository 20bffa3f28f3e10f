// Writes ../CONFORMANCE.md from results/*.json, causes.json and what the harness knows of the peers.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { counted, peers, suites } from "./cases.mjs";

const titles = { esbuild: "esbuild", rolldown: "Rolldown", rollup: "Rollup", rspack: "Rspack" };
const read = (name, otherwise) => {
  const path = join(import.meta.dirname, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : otherwise;
};
const causes = read("causes.json", {});
const runs = suites.map((suite) => read(`results/${suite}.json`)).filter(Boolean);

const sections = [head(), passes(), ...runs.flatMap(failures), ...runs.filter(({ suite }) => suite === "shake").flatMap(sizes)];
writeFileSync(join(import.meta.dirname, "../CONFORMANCE.md"), `${sections.join("\n\n")}\n`);
warnOfStaleCauses();

function head() {
  const versions = [...new Set(runs.map(({ planish }) => planish))];
  const dates = [...new Set(runs.map(({ date }) => date))].sort();
  const when = dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : (dates[0] ?? "not run yet");
  return `# Conformance

Other bundlers' own test suites, and real packages, built with Planish and with its peers, and run. \`tests/conformance/run\` refreshes
this file; \`run --help\` says what it needs. Only cases that at least one peer passes count. ${when}, Planish ${versions.join(", ")}.`;
}

function passes() {
  const lines = [
    "## Passes",
    "",
    `| suite | counted | ${peers.map((peer) => titles[peer]).join(" | ")} | best peer | Planish |`,
    `|---|--:|${peers.map(() => "--:|").join("")}--:|--:|`,
  ];
  let isOwn = false;
  for (const run of runs) {
    const { cases, notPeers } = counted(run.suite);
    for (const [label, picks] of [["", (tier) => tier === "core"], [", extended", (tier) => tier !== "core"]]) {
      const rows = [...cases].filter(([, { tier }]) => picks(tier));
      if (!rows.length) continue;
      const passed = Object.fromEntries(peers.map((peer) => [peer, rows.filter(([, one]) => one.passedBy.includes(peer)).length]));
      const best = Math.max(...peers.filter((peer) => !notPeers.includes(peer)).map((peer) => passed[peer]));
      const own = run.cases.filter(({ id, pass }) => pass && picks(cases.get(id)?.tier) && cases.has(id)).length;
      const cells = peers.map((peer) => (notPeers.includes(peer) ? `${passed[peer]} \\*` : passed[peer]));
      isOwn ||= notPeers.length > 0;
      lines.push(`| ${run.suite}${label} | ${rows.length} | ${cells.join(" | ")} | ${best} | ${own} |`);
    }
  }
  lines.push(
    "",
    "`npm`: packages' namespaces and small programs, whole and minified, against Node.js. `shake`: one thing imported from a package. " +
      "Extended cases go beyond bundling: wrong programs that must be refused, options, rewriting for old targets." +
      (isOwn ? "\n\n\\* Their own suite: not counted among the peers." : ""),
  );
  return lines.join("\n");
}

/** What Planish fails; each of these some peer passes, or it would not count. */
function failures({ suite, cases: rows }) {
  const { cases } = counted(suite);
  const failed = rows.filter(({ id, pass }) => !pass && cases.has(id));
  if (!failed.length) return [];
  const lines = [`## ${suite}: ${failed.length} not passed`, "", "| case | passed by | failure | cause |", "|---|---|---|---|"];
  for (const { id, name, failure } of failed) {
    const passedBy = peers.filter((peer) => cases.get(id).passedBy.includes(peer)).map((peer) => titles[peer]).join(", ");
    lines.push(`| ${cell(name)} | ${passedBy} | ${cell(failure)} | ${cell(cause(suite, id, name) ?? "cause not examined")} |`);
  }
  const unnamed = failed.some(({ name }) => name.includes("?"));
  if (unnamed) lines.push("", "`?`: a check whose name is not known, because its case did not get that far.");
  return [lines.join("\n")];
}

/** By name, by id, or for all checks of a case by the case's name. */
function cause(suite, id, name) {
  return [name, id, name.split(" > ")[0]].map((key) => causes[`${suite}/${key}`]).find(Boolean);
}

function cell(text) {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

/** Bytes with each bundler's own minifier; of the common one only the sum. */
function sizes({ suite, cases: rows }) {
  const { cases } = counted(suite);
  const own = comparable(rows, cases, "own");
  const lines = [
    "## Bytes of one import, each with its own minifier (Rollup: Terser)",
    "",
    `| import | ${peers.map((peer) => titles[peer]).join(" | ")} | best peer | Planish | Planish : best |`,
    `|---|${peers.map(() => "--:|").join("")}--:|--:|--:|`,
  ];
  for (const { name, bytes, size, best } of own) {
    lines.push(`| ${cell(name)} | ${bytes.map(number).join(" | ")} | ${number(best)} | ${number(size)} | ${ratio(size, best)} |`);
  }
  const sums = peers.map((_, at) => (own.every(({ bytes }) => bytes[at]) ? number(sum(own, ({ bytes }) => bytes[at])) : ""));
  const [size, best] = totals(own);
  lines.push(`| **sum** | ${sums.join(" | ")} | ${number(best)} | ${number(size)} | ${ratio(size, best)} |`);
  const [size2, best2] = totals(comparable(rows, cases, "common"));
  const common = `With esbuild's minifier for all of them: ${number(size2)} bytes against ${number(best2)}, ${ratio(size2, best2)}.`;
  return [[...lines, "", summary(own), "", common].join("\n")];
}

/** Rows that Planish and some peer pass, with the smallest of the peers' sizes. */
function comparable(rows, cases, measure) {
  const found = rows.filter((row) => row.pass && row[measure] > 0).map((row) => {
    const { passedBy, sizes } = cases.get(row.id) ?? { passedBy: [] };
    const bytes = peers.map((peer) => (passedBy.includes(peer) ? sizes?.[peer]?.[measure] : undefined));
    return { name: row.name, bytes, size: row[measure], best: Math.min(...bytes.filter(Boolean)) };
  });
  return found.filter(({ best }) => Number.isFinite(best));
}

function summary(rows) {
  const above = rows.filter(({ size, best }) => size > best * 1.03);
  const mean = Math.exp(sum(rows, ({ size, best }) => Math.log(size / best)) / rows.length);
  const names = above.length ? ` (${above.map(({ name }) => name).join(", ")}).` : ".";
  return (
    `Geometric mean against the best peer of each row: ${mean.toFixed(3)}. ` +
    `More than 3 % above it: ${above.length} of ${rows.length}${names}`
  );
}

function totals(rows) {
  return [sum(rows, ({ size }) => size), sum(rows, ({ best }) => best)];
}

function sum(rows, what) {
  return rows.reduce((total, row) => total + what(row), 0);
}

function number(value) {
  return value?.toLocaleString("en-US") ?? "";
}

function ratio(own, best) {
  return (own / best).toFixed(3);
}

/** A cause that explains no failure any more should go. */
function warnOfStaleCauses() {
  const used = new Set();
  for (const { suite, cases: rows } of runs) {
    for (const { id, name } of rows.filter(({ pass }) => !pass)) {
      for (const key of [name, id, name.split(" > ")[0]]) used.add(`${suite}/${key}`);
    }
  }
  const ran = (key) => runs.some(({ suite }) => key.startsWith(`${suite}/`));
  const stale = Object.keys(causes).filter((key) => ran(key) && !used.has(key));
  if (stale.length) console.error(`causes.json explains what does not fail:\n${stale.map((key) => `  ${key}\n`).join("")}`);
}
