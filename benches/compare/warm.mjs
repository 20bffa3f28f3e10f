// Builds after the first: with nothing changed, and with one line changed. Tools that keep nothing between builds build as before.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "./numbers.mjs";
import { runMeasured } from "./measure.mjs";

/** Median seconds by tool: `cold` with an empty cache, `unchanged`, `edited`. Tools take turns. */
export function measureWarm(corpus, work, { tools, runs, timeout, note }) {
  const folder = join(work, "warm", corpus.name);
  const entry = corpus.prepare(folder);
  const edited = join(folder, corpus.edited);
  const text = readFileSync(edited, "utf8");
  const rows = tools.map((tool) => ({ tool, cold: [], unchanged: [], edited: [], failure: null }));
  for (let round = 0; round <= runs; round++) {
    for (const row of rows.filter(({ failure }) => !failure)) {
      const out = join(work, "warm-out", corpus.name, row.tool.name.replaceAll(" ", "-"));
      const build = () => runMeasured(command(row.tool, { ...corpus, entry }, out), folder, `${out}.log`, timeout);
      for (const path of [out, `${out}-cache`]) rmSync(path, { recursive: true, force: true });
      mkdirSync(out, { recursive: true });
      const cold = build();
      const unchanged = build();
      writeFileSync(edited, `${text}\nconsole.log("edit ${round}");\n`);
      const changed = build();
      writeFileSync(edited, text);
      row.failure = cold.failure ?? unchanged.failure ?? changed.failure ?? null;
      // The first round reads the files into the system's cache.
      if (round > 0 && !row.failure) {
        for (const [name, sample] of Object.entries({ cold, unchanged, edited: changed })) row[name].push(sample.wall);
      }
      note(`${corpus.name} warm ${round}/${runs} ${row.tool.name}: ${row.failure ?? `${unchanged.wall.toFixed(2)}, ${changed.wall.toFixed(2)} s`}`);
    }
  }
  return rows.map(({ tool, failure, ...samples }) => ({
    tool: tool.name,
    failure,
    keeps: Boolean(tool.cached),
    samples,
    ...(!failure && Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]))),
  }));
}

function command(tool, corpus, out) {
  return tool.cached ? tool.cached(corpus, out, `${out}-cache`) : tool.command(corpus, out);
}
