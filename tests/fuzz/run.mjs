// Compares what Node does with random module graphs and what it does with their bundles.
//
//   node run.mjs --planish BIN [--seeds FROM..TO] [--minify] [--split | --no-splitting] [--bundle ARGUMENT...] [--without FEATURE,...]
//       [--segments BYTES] [--keep DIR]
//   node run.mjs --planish BIN --shrink SEED [...]
//
//   --seeds FROM..TO   the graphs; 0..1000 if left out
//   --minify           bundles are minified, and graphs do not rely on what minifiers change
//   --split            graphs have several entries or import(); --no-splitting: one entry and that flag; else it varies
//   --bundle ARGUMENT  a further argument of `planish bundle`; may be repeated
//   --segments BYTES   minified chunks are cut into segments of so many bytes, by a binary with debug assertions
//   --without LIST     leaves features of graphs out, see generate.mjs
//   --keep DIR         keeps the graphs that differ, with both records
//   --shrink SEED      removes what a difference does not need, and prints the rest
//
// Prints the seeds of graphs whose bundle behaves differently; the last line is `N graphs, M differences`. The exit code is 1 if there
// are any. Graphs that Node itself refuses do not count.

import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { generate } from "./generate.mjs";
import { shrink } from "./shrink.mjs";

/** Modules stay in memory once imported, so a process does not run more graphs than this. */
const GRAPHS_OF_A_PROCESS = 200;

const { values: flags } = parseArgs({
  options: {
    planish: { type: "string" },
    seeds: { type: "string", default: "0..1000" },
    minify: { type: "boolean", default: false },
    split: { type: "boolean" },
    "no-splitting": { type: "boolean" },
    bundle: { type: "string", multiple: true, default: [] },
    segments: { type: "string" },
    without: { type: "string", default: "" },
    keep: { type: "string" },
    shrink: { type: "string" },
    worker: { type: "boolean" },
  },
});
const planish = resolve(flags.planish);
if (flags.segments) process.env.PLANISH_TEST_SEGMENT = flags.segments;
// What graphs have it defined as.
process.env.NODE_ENV = "production";
const split = flags.split ? true : flags["no-splitting"] ? false : undefined;
const options = { minify: flags.minify, split, without: flags.without.split(",") };
const folder = mkdtempSync(join(tmpdir(), "planish-fuzz-"));
let runs = 0;

process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
if (flags.worker) await work();
else if (flags.shrink !== undefined) await shrinkSeed(Number(flags.shrink));
else await distribute();

/** Has processes, as many as there are cores, run the seeds. */
async function distribute() {
  const [from, to] = flags.seeds.split("..").map(Number);
  let next = from;
  let graphs = 0;
  const different = [];
  const help = async () => {
    while (next < to) {
      const first = next;
      next = Math.min(to, first + GRAPHS_OF_A_PROCESS);
      for await (const { seed, verdict, summary } of results(first, next)) {
        if (verdict !== "refused") graphs++;
        if (verdict !== "different") continue;
        different.push(seed);
        console.log(`seed ${seed}: ${summary}`);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, help));
  console.log(`${graphs} graphs, ${different.length} differences`);
  process.exitCode = different.length > 0 ? 1 : 0;
}

/** The results of some seeds, from another process; from further ones if it dies. */
async function* results(from, to) {
  let seed = from;
  while (seed < to) {
    const script = fileURLToPath(import.meta.url);
    const worker = spawn(process.execPath, ["--no-warnings", script, ...process.argv.slice(2), "--worker", "--seeds", `${seed}..${to}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: worker.stdout })) {
      const result = JSON.parse(line);
      seed = result.seed + 1;
      yield result;
    }
    if (seed < to) yield { seed: seed++, verdict: "different", summary: "the process that ran it died" };
  }
}

async function work() {
  const [from, to] = flags.seeds.split("..").map(Number);
  for (let seed = from; seed < to; seed++) {
    const graph = generate(seed, options);
    const { verdict, summary, native, bundle } = await compare(graph);
    process.stdout.write(`${JSON.stringify({ seed, verdict, summary })}\n`);
    if (verdict === "different" && flags.keep) {
      const kept = join(flags.keep, String(seed));
      rmSync(kept, { recursive: true, force: true });
      write(kept, { ...graph.files, "native.log": native.record.join("\n"), "bundle.log": (bundle.record ?? [bundle.failure]).join("\n") });
      cpSync(join(folder, "last", "out"), join(kept, "out"), { recursive: true, force: true });
    }
  }
}

async function shrinkSeed(seed) {
  const graph = await shrink(generate(seed, options), compare);
  const { summary, native, bundle } = await compare(graph);
  for (const [path, text] of Object.entries(graph.files)) console.log(`--- ${path}\n${text.trimEnd()}`);
  console.log(`--- planish bundle ${bundling(graph, "out").join(" ")}`);
  for (const file of readdirSync(join(folder, "last", "out"))) console.log(`    ${file}`);
  console.log(`--- sources\n${native.record.join("\n")}\n--- bundle\n${(bundle.record ?? [bundle.failure]).join("\n")}\n--- ${summary}`);
  process.exitCode = 1;
}

/** Runs a graph and its bundle. The `verdict` is `same`, `different` or `refused`, and the `kind` says roughly what is different. */
async function compare(graph) {
  rmSync(join(folder, "last"), { recursive: true, force: true });
  const root = join(folder, String(++runs));
  try {
    write(root, graph.files);
    const native = await observe(graph.entries.map((entry) => join(root, entry)));
    if (native.isRefused) return { verdict: "refused", native };
    const out = join(root, "out");
    const failure = await bundleInto(root, out, graph);
    if (failure) {
      const [summary] = failure.split("\n");
      return { verdict: "different", kind: summary.replace(/`[^`]*`/g, ""), summary, native, bundle: { failure } };
    }
    write(out, { "package.json": '{ "type": "module" }' });
    const bundle = await observe(graph.entries.map((entry) => join(out, entry.replace(/^.*\/|\.\w+$/g, "") + ".js")), true);
    const index = native.record.findIndex((line, index) => line !== bundle.record[index]);
    if (index < 0 && native.record.length === bundle.record.length) return { verdict: "same", native, bundle };
    const at = index < 0 ? native.record.length : index;
    const summary = `\`${native.record[at] ?? "the end"}\` became \`${bundle.record[at] ?? "the end"}\``;
    const hasErrors = native.record.some((line) => /(Reference|Type)Error/.test(line));
    return { verdict: "different", kind: JSON.stringify([native.outcomes, bundle.outcomes, hasErrors]), summary, native, bundle };
  } finally {
    mkdirSync(root, { recursive: true });
    cpSync(root, join(folder, "last"), { recursive: true });
    rmSync(root, { recursive: true });
  }
}

function write(root, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function bundling(graph, out) {
  return [...graph.entries, "--out-dir", out, "--platform", "node", ...graph.arguments, ...flags.bundle, ...(flags.minify ? ["--minify"] : [])];
}

/** Bundles a graph; what Planish says if it fails. */
async function bundleInto(root, out, graph) {
  try {
    const { stderr } = await promisify(execFile)(planish, ["bundle", ...bundling(graph, out)], { cwd: root });
    return stderr.includes("panicked") ? stderr : undefined;
  } catch (error) {
    return error.stderr || String(error);
  }
}

/** Imports scripts one after the other. The record is what they log, and how each of them ended. */
async function observe(scripts, isBundle) {
  const record = [];
  const outcomes = [];
  let tasks = [];
  let isRefused = false;
  globalThis.log = (...values) => {
    isRefused ||= values.some((value) => value instanceof SyntaxError);
    record.push(values.map((value) => (typeof value === "string" ? value : show(value))).join(" "));
  };
  globalThis.later = (label, act) => void tasks.push({ label, act });
  const turns = [];
  const turn = () => {
    turns.shift()();
    if (turns.length > 0) setImmediate(turn);
  };
  globalThis.turn = (value) => new Promise((resolve) => {
    if (turns.push(() => resolve(value)) === 1) setImmediate(turn);
  });
  // Bundles do not keep the text of functions.
  Function.prototype.toString = () => "function";
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (error) => isBundle && log("unhandled", error));
  for (const script of scripts) {
    const outcome = await settled(() => import(pathToFileURL(script)));
    isRefused ||= /^ERR_/.test(outcome.error?.code);
    outcomes.push("value" in outcome ? "ended" : "error" in outcome ? outcome.error?.name : "pending");
    log("entry", "value" in outcome ? outcome.value : "error" in outcome ? outcome.error : "pending");
    for (let task; (task = tasks.shift()); ) {
      const outcome = await settled(async () => task.act());
      isRefused ||= /^ERR_/.test(outcome.error?.code);
      log(task.label, "value" in outcome ? outcome.value : "error" in outcome ? outcome.error : "pending");
    }
  }
  return { record, outcomes, isRefused };
}

/** How a promise ends, once nothing is left to do: `{ value }`, `{ error }` or, if it never ends, `{}`. */
async function settled(start) {
  const outcome = {};
  const idle = new Promise((resolve) => process.once("beforeExit", resolve));
  setImmediate(() => {}); // The event comes only if there was something to do.
  start().then((value) => (outcome.value = value), (error) => (outcome.error = error));
  await idle;
  return outcome;
}

/** A value as text. Of errors that engines throw only the name: their messages name variables. */
function show(value, depth = 2) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "function";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return value.message.endsWith("broke") ? value.message : value.name;
  if (depth === 0) return "object";
  if (Array.isArray(value)) return `[${value.map((item) => show(item, depth - 1)).join(", ")}]`;
  const keys = Object.keys(value).filter((key) => key !== "__esModule").sort();
  const show_ = (key) => {
    try {
      return show(value[key], depth - 1);
    } catch (error) {
      return error.name;
    }
  };
  return `{ ${keys.map((key) => `${key}: ${show_(key)}`).join(", ")} }`;
}
