// Who is measured, and the command that does the same work with each: ES modules, own minifier, external source maps, ES2022,
// licence comments dropped, NODE_ENV production, nothing cached between runs.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const packages = join(import.meta.dirname, "node_modules");
const version = (name) => JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")).version;
const planish = resolve(process.env.PLANISH_BIN ?? join(import.meta.dirname, "../../target/release/planish"));

/** `only`: the corpora that it is for; all if absent. `notes`: what to know of it, by corpus. `command`: run in the corpus's folder. */
export const tools = [
  {
    name: "Planish",
    version: planishVersion,
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
  { name: "Rspack", version: () => version("@rspack/core"), command: script("rspack") },
  { name: "Vite", version: () => version("vite"), command: script("vite") },
];

function planishVersion() {
  return execFileSync(planish, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim().split(" ").at(-1);
}

function script(name) {
  return ({ entry, purpose }, out) => [process.execPath, join(import.meta.dirname, "tools", `${name}.mjs`), entry, out, purpose];
}
