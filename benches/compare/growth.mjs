// How time and memory grow with the number of modules: the same kind of generated application with 5,000 and with 20,000 modules. A
// ratio much above 4 says that some pass does more than look at every module once.
//
//   node growth.mjs [--runs N]        PLANISH_BIN names the binary; else it is the one of `benches/guided/run`

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generate } from "./generated.mjs";
import { planish } from "./install.mjs";

const { values } = parseArgs({ options: { runs: { type: "string", default: "3" } } });
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
