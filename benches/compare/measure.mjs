// One run of a command, with what it cost.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Wall and CPU seconds and the peak of memory in bytes; `failure` says why it failed. What the command prints goes to `log`. */
export function runMeasured(command, folder, log, timeout) {
  const arguments_ = [join(import.meta.dirname, "measure.py"), log, timeout, ...command];
  const env = { ...process.env, NODE_ENV: "production", NO_COLOR: "1" };
  const sample = JSON.parse(execFileSync("python3", arguments_, { cwd: folder, env, encoding: "utf8" }));
  return sample.code === 0 ? sample : { ...sample, failure: whyFailed(sample, log, folder) };
}

function whyFailed(sample, log, folder) {
  if (sample.code === -9) return `killed after ${sample.wall.toFixed(0)} s`;
  const lines = readFileSync(log, "utf8").split("\n").map((line) => line.trim());
  const line = lines.find((text) => /error/i.test(text)) ?? lines.find(Boolean) ?? "";
  return `exit code ${sample.code}: ${line.replaceAll(folder, ".").slice(0, 160)}`;
}
