// What is bundled: made afresh below the work folder, so that no tool sees a configuration or a cache of another one.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installOnce } from "./install.mjs";

const repository = join(import.meta.dirname, "../..");

/** `purpose`: an app is split into chunks, a library is one script that keeps its exports. */
export const corpora = [
  {
    name: "three-x10",
    title: "three.js ten times",
    purpose: "library",
    prepare: prepareThree,
    check: checkThree,
  },
  {
    name: "react-shop",
    title: "react-shop",
    purpose: "app",
    prepare: prepareShop,
    check: checkShop,
  },
];

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

function prepareShop(folder) {
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
