// The harness's cases: which of them count, and which peers pass them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const suites = ["rollup", "rollup-form", "rollup-chunks", "esbuild", "webpack", "npm", "shake"];
export const peers = ["esbuild", "rolldown", "rollup", "rspack"];

const harness = process.env.CONFORMANCE_DIR ?? join(import.meta.dirname, "../../../shared/conformance");
const digest = (text) => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** The key of a case in the calibration files, which hold no text of the suites. A check of a case is named `case > check`. */
export function keyOf(name) {
  const [parent, ...check] = name.split(" > ");
  return digest(parent) + (check.length ? `/${digest(check.join(" > "))}` : "");
}

/**
 * The cases of a suite that count, by key: those that a peer passes. The authors of a suite are no peers on it (Rollup), or not where
 * a case uses an interface of their own (Rspack, on cases of webpack).
 */
export function counted(suite) {
  const { cases, notPeers } = JSON.parse(readFileSync(join(harness, "calibration", `${suite}.json`), "utf8"));
  const found = new Map();
  for (const [key, [heldOut, tier, group, passes, notPeersHere, sizes]] of Object.entries(cases)) {
    const passedBy = passes.split(" ").filter(Boolean);
    const excluded = [...notPeers, ...(notPeersHere || [])];
    if (!heldOut && passedBy.some((peer) => peers.includes(peer) && !excluded.includes(peer))) {
      found.set(key, { tier, group, passedBy, sizes });
    }
  }
  return { cases: found, notPeers };
}
