// Applications of any number of modules, for what grows with it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Modules in a folder. */
const SHARE = 20;

/** Folders of 20 modules that use each other and some of the folder before; every folder has an index, every tenth one is loaded lazily. */
export function generate(folder, count) {
  rmSync(folder, { recursive: true, force: true });
  const folders = count / SHARE;
  for (let at = 0; at < folders; at++) {
    const own = join(folder, `part${at}`);
    mkdirSync(own, { recursive: true });
    for (let number = 0; number < SHARE - 1; number++) writeFileSync(join(own, `m${number}.js`), source(at, number));
    const names = Array.from({ length: SHARE - 1 }, (_, number) => `export * from "./m${number}.js";\n`);
    writeFileSync(join(own, "index.js"), names.join(""));
  }
  const lines = Array.from({ length: folders }, (_, at) =>
    at % 10 === 9 ? `import("./part${at}/index.js").then((part) => console.log(part.total0(1)));\n` : `import { total18 as t${at} } from "./part${at}/index.js";\nconsole.log(t${at}([]));\n`,
  );
  writeFileSync(join(folder, "main.js"), lines.join(""));
}
function source(at, number) {
  const imports = [];
  if (number > 0) imports.push(`import { total${number - 1} as before, limit${number - 1} as limitBefore } from "./m${number - 1}.js";`);
  if (at > 0) imports.push(`import { total${number} as other } from "../part${at - 1}/m${number}.js";`);
  const calls = [number > 0 ? "before(entries) + limitBefore" : "1", at > 0 ? "(entries.deep ? other(entries) : 0)" : "2"];
  return `${imports.join("\n")}
const prices = new Map([["part${at}", ${number}], ["other", ${at}]]);
export const limit${number} = ${(at * 31 + number * 7) % 1000};
function round(value, digits = 2) {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
/** The total of all entries of a list. */
export function total${number}(entries) {
  let total = 0;
  for (const entry of entries) {
    if (entry.kind !== "kind${number}" || entry.count > limit${number}) continue;
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
