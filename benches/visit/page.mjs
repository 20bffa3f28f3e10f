// The page of the shop, for tools that are given scripts only.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the page of the current folder with the tags of an entry. */
export function writePage(out, scripts, styles, pathOf = (path) => path) {
  const tags = [
    ...scripts.map((path) => `<script type="module" src="/${pathOf(path)}"></script>`),
    ...styles.map((path) => `<link rel="stylesheet" href="/${pathOf(path)}">`),
  ];
  const page = readFileSync("index.html", "utf8");
  writeFileSync(join(out, "index.html"), page.replace(/<script type="module".*?<\/script>/, () => tags.join("\n    ")));
}
