// From an edited file to written files: each tool watches a copy of the same application, and one line of one module changes, again and
// again. esbuild is told to rebuild, so that it does not even have to notice.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { planish } from "./install.mjs";
import { median, percentile } from "./numbers.mjs";

const node = (name) => (entry, out) => [process.execPath, join(import.meta.dirname, "watchers", `${name}.mjs`), entry, out];

/** Each prints a line when its first build and each later one is written. */
export const watchers = [
  { name: "Planish", command: (_, out) => [planish, "watch", "--json", "--out", out, "--cache-dir", `${out}-cache`] },
  ...["esbuild", "Rolldown", "Rspack", "Vite", "Parcel"].map((name) => ({ name, command: node(name.toLowerCase()) })),
];

/** Seconds for each edit, by tool. Tools take turns: one edit each, while the others rest. */
export async function measureWatch(corpus, work, { tools, edits, timeout, note }) {
  const rows = watchers.filter(({ name }) => tools.includes(name)).map((tool) => start(corpus, join(work, "watch", corpus.name), tool));
  const next = async (row) => {
    const line = await row.nextLine(timeout * 1000);
    return line !== null && !/^failed|"success":false/.test(line);
  };
  try {
    for (const row of rows) row.failure = (await next(row)) ? null : "the first build fails";
    await sleep(1_000);
    // The first edit is not measured.
    for (let number = 0; number <= edits; number++) {
      for (const row of rows.filter(({ failure }) => !failure)) {
        row.forgetLines();
        const begin = performance.now();
        writeFileSync(row.edited, `${row.text}\nconsole.log("edit ${number}");\n`);
        row.child.stdin.write("\n");
        const isBuilt = await next(row);
        const seconds = (performance.now() - begin) / 1000;
        if (!isBuilt) row.failure = `edit ${number} is not built`;
        else if (number > 0) row.samples.push(seconds);
        note(`${corpus.name} edit ${number}/${edits} ${row.tool}: ${row.failure ?? `${seconds.toFixed(3)} s`}`);
        await sleep(200);
      }
    }
  } finally {
    for (const row of rows) row.child.kill("SIGKILL");
  }
  return rows.map(({ tool, samples, failure }) => ({
    tool,
    failure,
    samples,
    ...(!failure && { median: median(samples), p95: percentile(samples, 0.95) }),
  }));
}

function start(corpus, work, { name, command }) {
  const folder = join(work, name.toLowerCase());
  const out = join(work, `${name.toLowerCase()}-out`);
  for (const path of [out, `${out}-cache`]) rmSync(path, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const entry = corpus.prepare(folder);
  const [program, ...rest] = command(entry, out);
  const env = { ...process.env, NODE_ENV: "development", NO_COLOR: "1" };
  const child = spawn(program, rest, { cwd: folder, env, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  const edited = join(folder, corpus.edited);
  return { tool: name, child, ...linesOf(child.stdout), edited, text: readFileSync(edited, "utf8"), samples: [], failure: null };
}

/** The lines of a stream, one at a time: `null` if none comes. Some tools build twice at first, hence `forgetLines`. */
function linesOf(stream) {
  const lines = [];
  let wake = () => {};
  createInterface({ input: stream }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  return {
    forgetLines: () => lines.splice(0),
    nextLine: async (patience) => {
      const late = new AbortController();
      const woken = new Promise((resolve) => (wake = resolve));
      if (lines.length === 0) await Promise.race([woken, sleep(patience, null, { signal: late.signal }).catch(() => {})]);
      late.abort();
      return lines.shift() ?? null;
    },
  };
}
