// `node compact.mjs FILE`: makes results/SUITE.json of what the harness wrote. Cases that do not count are left out.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { counted, keyOf } from "./cases.mjs";

const { suite, results } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { cases } = counted(suite);
const rows = new Map();
for (const result of results) {
  const key = result.key ?? keyOf(result.id);
  if (cases.has(key)) rows.set(key, row(key, result));
}
for (const key of cases.keys()) {
  if (!rows.has(key)) rows.set(key, { id: key, name: `?${key}`, pass: false, failure: "check-missing: the check did not run" });
}
const sorted = [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
const folder = join(import.meta.dirname, "results");
mkdirSync(folder, { recursive: true });
const head = { suite, date: new Date().toISOString().slice(0, 10), planish: version() };
const lines = sorted.map((line) => `    ${JSON.stringify(line)}`);
const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "cases": [\n${lines.join(",\n")}\n  ]\n}\n`;
writeFileSync(join(folder, `${suite}.json`), text);

function row(id, { id: name, ok, reason, detail, sizes }) {
  return {
    id,
    name,
    pass: ok,
    ...(ok ? {} : { failure: message(reason, detail) }),
    ...(sizes ? { own: sizes.own, common: sizes.common } : {}),
  };
}

/** The first line of what went wrong, without what differs from machine to machine. */
function message(reason, detail = "") {
  const line = detail
    .split("\n")[0]
    // Places in the bundle and in the harness, after the message of an error.
    .replace(/ {2,}at .*$/, "")
    .replace(/(?<![\w.@/])(file:\/\/)?(\/[^\s'"`:(),/]+)+\/(?=[^\s'"`:(),/])/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return `${reason}${line ? `: ${line}` : ""}`.slice(0, 160);
}

function version() {
  return execFileSync(process.env.PLANISH_BIN, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1);
}
