// What is bundled: made afresh below the work folder, so that no tool sees a configuration or a cache of another one.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { generate } from "./generated.mjs";
import { installOnce } from "./install.mjs";
import { ROUTES, generateSuite } from "./suite/generate.mjs";

const repository = join(import.meta.dirname, "../..");

/**
 * `purpose`: an app is split into chunks, a library is one script that keeps its exports. `edited`: a module to which a line may be added.
 * `routes`: how many lazy pages it has, `/#0` and so on, of which a visitor is measured to see one.
 */
export const corpora = [
  {
    name: "three-x10",
    title: "three.js ten times",
    purpose: "library",
    edited: "copy1/math/Vector3.js",
    prepare: prepareThree,
    check: checkThree,
  },
  {
    name: "react-shop",
    title: "react-shop",
    purpose: "app",
    edited: "src/pages/AboutPage.tsx",
    prepare: prepareShop,
    check: checkShop,
  },
  {
    name: "suite",
    title: "React, MUI and antd, 40 lazy routes",
    purpose: "app",
    edited: "src/routes/Route7.jsx",
    routes: ROUTES,
    prepare: prepareSuite,
    check: checkSuite,
  },
  ...[1_000, 5_000, 10_000, 20_000].map((count) => ({
    name: `generated-${count / 1_000}k`,
    title: `${count.toLocaleString("en-US")} generated modules`,
    purpose: "app",
    edited: `part${count / 40}/m7.js`,
    prepare: (folder) => prepareGenerated(folder, count),
    check: checkGenerated,
  })),
];

/** For `planish build` and `planish watch`: the same work as that of the others. */
const planishConfig = (entry) => `[build]
entries = ["${entry}"]
target = "es2022"
[js]
sourcemap = "external"
split.min_size = 0
[compress]
gzip = false
brotli = false
`;

/** The entry of esbuild's own benchmark: ten copies of the sources, all of whose exports are kept. */
function prepareThree(folder) {
  const source = join(import.meta.dirname, "node_modules/three/src");
  const copies = Array.from({ length: 10 }, (_, at) => `copy${at + 1}`);
  rmSync(folder, { recursive: true, force: true });
  for (const copy of copies) cpSync(source, join(folder, copy), { recursive: true });
  const lines = copies.map((copy) => `import * as ${copy} from './${copy}/Three.js';\nexport { ${copy} };\n`);
  writeFileSync(join(folder, "entry.js"), lines.join(""));
  return "entry.js";
}

async function checkThree(out) {
  // The outputs are ES modules whatever a package.json above says.
  writeFileSync(join(out, "package.json"), '{ "type": "module" }');
  const [file] = readdirSync(out).filter((name) => /^(entry|main)\b.*\.m?js$/.test(name));
  if (!file) return "no entry script";
  const code = `const all = await import(${JSON.stringify(pathToFileURL(join(out, file)).href)});
    const found = Object.keys(all).filter((name) => all[name].REVISION && new all[name].Vector3(3, 4, 0).length() === 5);
    if (found.length !== 10) throw new Error(found.length + " of 10 copies work");`;
  try {
    execFileSync(process.execPath, ["--input-type=module", "--eval", code], { stdio: "pipe" });
  } catch (error) {
    return `does not run: ${/^\w*Error: .*/m.exec(error.stderr)?.[0] ?? "Node fails"}`;
  }
}

function prepareGenerated(folder, count) {
  generate(folder, count);
  writeFileSync(join(folder, "planish.toml"), planishConfig("main.js"));
  return "main.js";
}

function checkGenerated(out) {
  const scripts = readdirSync(out, { recursive: true }).filter((name) => /\.m?js$/.test(name));
  if (scripts.length < 2) return "no lazy chunk";
  const code = scripts.map((name) => readFileSync(join(out, name), "utf8")).join("\n");
  if (!code.includes("part7")) return "modules are missing";
}

function prepareSuite(folder) {
  const source = join(import.meta.dirname, "suite");
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(source, name), join(folder, name));
  installOnce(folder);
  generateSuite(folder);
  writeFileSync(join(folder, "planish.toml"), planishConfig("src/main.jsx"));
  return "src/main.jsx";
}

async function checkSuite(out, tool) {
  const names = readdirSync(out, { recursive: true });
  if (names.filter((name) => /\.m?js$/.test(name)).length < 41) return "not every route has a chunk";
  return checkShop(out, tool);
}

/** Copies the shop and installs its packages; its entry. */
export function prepareShop(folder) {
  const source = join(repository, "fixtures/apps/react-shop");
  if (!existsSync(join(source, "package.json"))) throw new Error("fixtures/apps/react-shop is missing");
  const left = new Set(["node_modules", "dist"].map((name) => join(source, name)));
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name !== "node_modules") rmSync(join(folder, name), { recursive: true });
  cpSync(source, folder, { recursive: true, filter: (path) => !left.has(path) });
  installOnce(folder);
  return ["src/main.tsx", "src/index.tsx"].find((entry) => existsSync(join(folder, entry)));
}

/** Its behaviour is tested in a browser elsewhere; here only that every tool did the whole of the work. */
async function checkShop(out, { bundlesStyles = true }) {
  const names = readdirSync(out, { recursive: true });
  const scripts = names.filter((name) => /\.m?js$/.test(name));
  if (scripts.length < 2) return "no lazy chunk";
  if (!names.some((name) => name.endsWith(".js.map"))) return "no source map";
  if (bundlesStyles && !names.some((name) => name.endsWith(".css"))) return "no stylesheet";
  const code = scripts.map((name) => readFileSync(join(out, name), "utf8")).join("\n");
  if (!/createElement|jsx/.test(code)) return "no React";
  if (code.includes("process.env.NODE_ENV")) return "NODE_ENV is not replaced";
}
