// How time and memory grow with the number of modules: the same kind of generated application with 5,000 and with 20,000 modules. A
// ratio much above 4 says that some pass does more than look at every module once.
//
//   node growth.mjs [--runs N]        PLANISH_BIN names the binary; else it is the release build

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { runs: { type: "string", default: "3" } } });
const planish = resolve(process.env.PLANISH_BIN ?? join(import.meta.dirname, "../../target/release/planish"));
const work = join(import.meta.dirname, "../../target/bench-compare/growth");

const [small, large] = [5_000, 20_000].map(measure);
for (const what of ["wall", "cpu", "peak"]) console.log(`${what}: ${(large[what] / small[what]).toFixed(2)} times`);

function measure(count) {
  const folder = join(work, String(count));
  generate(folder, count);
  const samples = Array.from({ length: Number(values.runs) }, () => run(folder));
  const best = (what) => Math.min(...samples.map((sample) => sample[what]));
  const result = { wall: best("wall"), cpu: best("cpu"), peak: best("peak") };
  console.log(`${count} modules: ${result.wall.toFixed(2)} s, CPU ${result.cpu.toFixed(2)} s, ${Math.round(result.peak / 2 ** 20)} MiB`);
  return result;
}

function run(folder) {
  const command = [planish, "bundle", "main.js", "--out-dir", "out", "--minify", "--sourcemap", "--format", "esm"];
  const log = join(folder, "log");
  const arguments_ = [join(import.meta.dirname, "measure.py"), log, "600", ...command];
  const sample = JSON.parse(execFileSync("python3", arguments_, { cwd: folder, encoding: "utf8" }));
  if (sample.code !== 0) throw new Error(`exit code ${sample.code}, see ${log}`);
  return sample;
}

/** Folders of 20 modules that use each other and some of the folder before; every folder has an index, every tenth one is loaded lazily. */
function generate(folder, count) {
  rmSync(folder, { recursive: true, force: true });
  const folders = count / 20;
  for (let at = 0; at < folders; at++) {
    const own = join(folder, `part${at}`);
    mkdirSync(own, { recursive: true });
    for (let number = 0; number < 19; number++) writeFileSync(join(own, `m${number}.js`), module_(at, number));
    const names = Array.from({ length: 19 }, (_, number) => `export * from "./m${number}.js";\n`);
    writeFileSync(join(own, "index.js"), names.join(""));
  }
  const lines = Array.from({ length: folders }, (_, at) =>
    at % 10 === 9 ? `import("./part${at}/index.js").then((part) => console.log(part.total0(1)));\n` : `import { total18 as t${at} } from "./part${at}/index.js";\nconsole.log(t${at}([]));\n`,
  );
  writeFileSync(join(folder, "main.js"), lines.join(""));
}

function module_(at, number) {
  const imports = [];
  if (number > 0) imports.push(`import { total${number - 1} as before, limit as limitBefore } from "./m${number - 1}.js";`);
  if (at > 0) imports.push(`import { total${number} as other } from "../part${at - 1}/m${number}.js";`);
  const calls = [number > 0 ? "before(entries) + limitBefore" : "1", at > 0 ? "(entries.deep ? other(entries) : 0)" : "2"];
  return `${imports.join("\n")}
const prices = new Map([["part${at}", ${number}], ["other", ${at}]]);
export const limit = ${(at * 31 + number * 7) % 1000};
function round(value, digits = 2) {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
/** The total of all entries of a list. */
export function total${number}(entries) {
  let total = 0;
  for (const entry of entries) {
    if (entry.kind !== "kind${number}" || entry.count > limit) continue;
    total += round((prices.get(entry.name) ?? 0) * entry.count);
  }
  return total + ${calls.join(" + ")};
}
export class Part${number} {
  constructor(name) {
    this.name = name;
    this.entries = [];
  }
  add(entry) {
    this.entries.push({ ...entry, part: ${at} });
    return this;
  }
}
`;
}
