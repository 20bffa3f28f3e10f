// Who is measured, and the command that does the same work with each: ES modules, own minifier, external source maps, ES2022,
// licence comments dropped, NODE_ENV production, nothing cached between runs.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planish } from "./install.mjs";

const packages = join(import.meta.dirname, "node_modules");
const version = (name) => JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")).version;

/**
 * `only`: the corpora that it is for; all if absent. `notes`: what to know of it, by corpus. `command`: run in the corpus's folder.
 * `cached`: the same with a folder that it may keep things in between builds; absent if it keeps nothing.
 */
export const tools = [
  {
    name: "Planish",
    version: planishVersion,
    cached: (_, out, cache) => [planish, "build", "--out", out, "--cache-dir", cache],
    command: ({ entry }, out) => [
      planish, "bundle", entry, "--out-dir", out, "--format", "esm", "--minify", "--sourcemap", "--target", "es2022",
      "--legal-comments", "none",
    ],
  },
  {
    name: "Planish build",
    notes: { "react-shop": "with its own defaults: also the HTML page, hashed names, the manifest, gzip and Brotli siblings" },
    only: ["react-shop"],
    version: planishVersion,
    command: (_, out) => [planish, "build", "--out", out, "--no-cache"],
  },
  {
    // The native binary, without the Node.js process that its JavaScript interface would add.
    name: "esbuild",
    version: () => version("esbuild"),
    command: ({ entry }, out) => [
      join(packages, `@esbuild/${process.platform}-${process.arch}/bin/esbuild`),
      entry, "--bundle", `--outdir=${out}`, "--format=esm", "--minify", "--sourcemap", "--target=es2022",
      "--legal-comments=none", "--define:process.env.NODE_ENV=\"production\"", "--jsx=automatic", "--log-level=error",
      "--loader:.svg=file", "--loader:.png=file", "--loader:.jpg=file", "--loader:.webp=file", "--loader:.woff2=file", "--splitting",
    ],
  },
  {
    name: "Rolldown",
    notes: { "react-shop": "without CSS, which it does not bundle" },
    bundlesStyles: false,
    version: () => version("rolldown"),
    command: script("rolldown"),
  },
  { name: "Rspack", version: () => version("@rspack/core"), command: script("rspack"), cached: script("rspack") },
  { name: "Vite", version: () => version("vite"), command: script("vite") },
  // It takes half a minute and more for the others.
  { name: "Parcel", only: ["react-shop", "generated-1k"], version: () => version("parcel"), command: script("parcel") },
];

function planishVersion() {
  return execFileSync(planish, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim().split(" ").at(-1);
}

function script(name) {
  const path = join(import.meta.dirname, "tools", `${name}.mjs`);
  return ({ entry, purpose }, out, cache = "") => [process.execPath, path, entry, out, purpose, cache];
}
