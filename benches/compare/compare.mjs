// Runs every tool on every corpus in turn, several times over, and writes the medians as a table. Started by `run`.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { corpora } from "./corpora.mjs";
import { buildPlanish, installOnce } from "./install.mjs";
import { median } from "./numbers.mjs";
import { runMeasured } from "./measure.mjs";
import { routeSizes } from "./routes.mjs";
import { sizes } from "./sizes.mjs";
import { measureStorefront } from "./storefront.mjs";
import { shortTable, spliceTable, table } from "./table.mjs";
import { tools } from "./tools.mjs";
import { measureWarm } from "./warm.mjs";
import { measureWatch } from "./watch.mjs";

const repository = join(import.meta.dirname, "../..");
const work = join(repository, "target/bench-compare");

const parts = ["cold", "warm", "watch", "storefront"];

/** What is built again and again: one application that grows by modules, one that grows by packages. */
const rebuilt = ["generated-10k", "suite"];

const usage = `usage: run [--part PART]... [--runs N] [--edits N] [--corpus NAME]... [--tool NAME]... [--timeout SECONDS] [--print]

  --part PART   cold: builds with nothing kept; warm: builds after the first; watch: from an edit to written files; storefront: a whole site
                with images, compression and a service worker. All if left out; what is left out stays as it was measured before
  --runs N      measured runs of every tool, after one that is not measured (5)
  --corpus NAME ${corpora.map(({ name }) => name).join(", ")};
                all if left out, else the others stay as they were
  --edits N     measured edits in watch mode (20)
  --tool NAME   ${tools.map(({ name }) => name).join(", ")}; all if left out
  --timeout S   a run that takes longer has failed (300)
  --print       show the table only, instead of writing RESULTS.md, RESULTS.json and README.md too

PLANISH_BIN names a binary to measure; without it benches/guided/run builds one, unless --tool leaves Planish out.`;

const { values: options } = parseArgs({
  options: {
    part: { type: "string", multiple: true },
    runs: { type: "string", default: "5" },
    edits: { type: "string", default: "20" },
    corpus: { type: "string", multiple: true },
    tool: { type: "string", multiple: true },
    timeout: { type: "string", default: "300" },
    print: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(usage);
} else {
  await main();
}

async function main() {
  const contestants = chosen(tools, options.tool);
  const subjects = chosen(corpora, options.corpus);
  const wanted = options.part ?? parts;
  if (wanted.some((part) => !parts.includes(part))) refuse(`there is no part ${wanted.find((part) => !parts.includes(part))}`);
  const [runs, edits] = [number("runs"), number("edits")];
  if (contestants.some(({ name }) => name.startsWith("Planish"))) buildPlanish();
  installOnce(import.meta.dirname);
  // For its browser.
  installOnce(join(repository, "tests/setup"));
  const results = { ...earlier(), machine: machine(), busy: await busyShare() };
  results.versions = { ...results.versions, ...versions(contestants) };
  results.dates = { ...results.dates, ...Object.fromEntries(wanted.map((part) => [part, date(part, results.dates?.[part])])) };
  const again = subjects.filter(({ name }) => rebuilt.includes(name));
  const names = contestants.map(({ name }) => name);
  const settings = { runs, edits, timeout: options.timeout, note };
  if (wanted.includes("cold")) {
    results.runs = runs;
    results.corpora = await measured(subjects, (corpus) => measureCold(corpus, contestants), results.corpora);
  }
  if (wanted.includes("warm")) {
    const able = contestants.filter(({ only }) => !only);
    results.warm = await measured(again, (corpus) => measureWarm(corpus, work, { ...settings, tools: able }), results.warm);
  }
  if (wanted.includes("watch")) {
    results.watch = await measured(again, (corpus) => measureWatch(corpus, work, { ...settings, tools: names }), results.watch);
  }
  if (wanted.includes("storefront")) results.storefront = measureStorefront(work, settings);
  results.busy = Math.max(results.busy, await busyShare());
  publish(results);
}

/** The rows of corpora that are measured now, and the others as they were. */
async function measured(subjects, measure, earlier = []) {
  const now = [];
  for (const corpus of subjects) now.push({ name: corpus.name, title: corpus.title, rows: await measure(corpus) });
  const named = (all, name) => all.find((one) => one.name === name);
  return corpora.flatMap(({ name }) => named(now, name) ?? named(earlier, name) ?? []);
}

/** The day on which a part is measured, or the first and the last one of its corpora. */
function date(part, earlier) {
  const today = new Date().toISOString().slice(0, 10);
  const first = options.corpus && part !== "storefront" ? earlier?.split(" ")[0] : today;
  return first === undefined || first === today ? today : `${first} to ${today}`;
}

function number(name) {
  const value = Number(options[name]);
  if (!(Number.isInteger(value) && value > 0)) refuse(`--${name} ${options[name]} is not a number`);
  return value;
}

/** Parts that are not measured now. */
function earlier() {
  const path = join(import.meta.dirname, "RESULTS.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

function chosen(all, names = all.map(({ name }) => name)) {
  for (const name of names) if (!all.some((one) => one.name === name)) refuse(`there is no ${name}`);
  return all.filter(({ name }) => names.includes(name));
}

function refuse(reason) {
  console.error(`${reason}\n\n${usage}`);
  process.exit(2);
}

/** Tools take turns, and every round begins with another one, so that what else the machine does falls on all of them alike. */
async function measureCold(corpus, contestants) {
  const folder = join(work, "corpora", corpus.name);
  const entry = corpus.prepare(folder);
  const rows = contestants
    .filter(({ only }) => !only || only.includes(corpus.name))
    .map((tool) => ({ tool, out: join(work, "out", corpus.name, tool.name.replaceAll(" ", "-")), samples: [], failure: null }));
  for (let round = 0; round <= Number(options.runs); round++) {
    for (const row of rotated(rows, round).filter(({ failure }) => !failure)) {
      const sample = measure(row.tool.command({ ...corpus, entry }, row.out), folder, row.out);
      row.failure = sample.failure ?? (round === 0 ? await corpus.check(row.out, row.tool) : null) ?? null;
      // The first round reads the files into the system's cache.
      if (round > 0) row.samples.push(sample);
      note(`${corpus.name} ${round}/${options.runs} ${row.tool.name}: ${row.failure ?? `${sample.wall.toFixed(2)} s`}`);
    }
  }
  const summaries = [];
  for (const row of rows) summaries.push({ ...summary(corpus, row), ...(await visits(corpus, row)) });
  return summaries;
}

/** What visitors of single pages download, where there are such. */
async function visits({ routes }, { out, failure }) {
  return routes && !failure ? { visit: await routeSizes(out, routes) } : {};
}

function rotated(rows, by) {
  const at = by % rows.length;
  return [...rows.slice(at), ...rows.slice(0, at)];
}

function measure(command, folder, out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  return runMeasured(command, folder, `${out}.log`, options.timeout);
}

function summary(corpus, { tool, out, samples, failure }) {
  const row = { tool: tool.name, note: tool.notes?.[corpus.name] ?? null, failure, samples };
  if (failure) return row;
  const middle = (what) => median(samples.map((sample) => sample[what]));
  return { ...row, wall: middle("wall"), cpu: middle("cpu"), peak: middle("peak"), ...sizes(out) };
}

function machine() {
  return {
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** How much of the machine's cores is taken by others, 0 to 1; asked while nothing is measured. */
async function busyShare() {
  const total = (what) => cpus().reduce((sum, { times }) => sum + what(times), 0);
  const now = () => ({ idle: total(({ idle }) => idle), all: total((times) => Object.values(times).reduce((a, b) => a + b)) });
  const before = now();
  await sleep(2_000);
  const after = now();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function versions(contestants) {
  return Object.fromEntries(contestants.map((tool) => [tool.name, attempt(tool.version)]));
}

function attempt(version) {
  try {
    return version();
  } catch {
    return null;
  }
}

function publish(results) {
  const text = table(results);
  console.log(text);
  if (options.print) return;
  writeFileSync(join(import.meta.dirname, "RESULTS.json"), JSON.stringify(results, null, 2) + "\n");
  writeFileSync(join(import.meta.dirname, "RESULTS.md"), `# Planish beside its peers\n\n${text}`);
  spliceTable(join(repository, "README.md"), shortTable(results));
}

function note(line) {
  process.stderr.write(`${line}\n`);
}
