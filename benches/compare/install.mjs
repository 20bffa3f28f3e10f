// What must be there before anything can be measured.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = join(import.meta.dirname, "../..");

/** The binary that is measured. */
export const planish = resolve(process.env.PLANISH_BIN ?? join(repository, "target/guided/planish"));

/** Builds it, unless `PLANISH_BIN` names it: as users have it. */
export function buildPlanish() {
  if (process.env.PLANISH_BIN) return;
  installOnce(join(repository, "tests/setup"));
  execFileSync(join(repository, "benches/guided/run"), { stdio: "inherit" });
}

/** Installs the npm packages that a folder's lock file names, if that has not been done since the lock file changed. */
export function installOnce(folder) {
  const lock = readFileSync(join(folder, "package-lock.json"));
  const stamp = join(folder, "node_modules/.installed-lock");
  if (existsSync(stamp) && readFileSync(stamp).equals(lock)) return;
  // Not `npm ci`, which refuses a lock file without the binaries of every platform; some of them were not to be had when it was made.
  const arguments_ = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", arguments_, { cwd: folder, stdio: "inherit" });
  writeFileSync(stamp, lock);
}
