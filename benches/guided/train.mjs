// usage: train.mjs PLANISH WORK
// What the binary is trained on: scripts of every kind that users have, in every way that they are built. But for the storefront, of
// which images take most of the time, none of them is measured.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [planish, work] = process.argv.slice(2).map((path) => resolve(path));
const repository = join(import.meta.dirname, "../..");

/** Published packages: modules that export lists, CommonJS that a compiler made, scripts of one large file. */
const packages = [
  "@babel/core/lib/index.js", "ajv/dist/2020.js", "es-abstract/es2024.js", "playwright-core/lib/coreBundle.js", "rollup/dist/es/rollup.js", "terser/main.js",
];
/** What they ask for and is not installed. */
const absent = ["@babel/preset-typescript/package.json", "fsevents", "kerberos"].flatMap((name) => ["--external", name]);

for (const entry of packages) {
  const out = join(work, entry.split("/")[0]);
  const bundle = (...flags) => run(join(repository, "tests/setup"), "bundle", join("node_modules", entry), "--platform", "node", "--format", "esm", "--sourcemap", "--out-dir", out, ...absent, ...flags);
  bundle("--minify", "--legal-comments", "none");
  bundle("--minify", "--target", "es2017");
  bundle();
}

/** A site of pages, TypeScript, JSX, stylesheets and images. */
const site = join(work, "site");
mkdirSync(site, { recursive: true });
cpSync(join(repository, "fixtures/storefront"), site, { recursive: true, filter: (path) => !/\/dist$/.test(path) });
run(site, "build");
run(site, "build");
const edited = join(site, "src/main.ts");
writeFileSync(edited, `${readFileSync(edited, "utf8")}\nconsole.log("edited");\n`);
run(site, "build");
run(site, "build", "--mode", "development", "--no-cache");

function run(folder, ...arguments_) {
  execFileSync(planish, arguments_, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}
