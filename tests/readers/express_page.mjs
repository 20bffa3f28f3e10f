// Prints a page that Express renders from Vite's manifest, as its users write it: the entry's stylesheets, its imports, its script.
//
//   node express_page.mjs FOLDER MANIFEST ENTRY

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../setup/package.json", import.meta.url));
const express = require("express");
const [folder, path, entry] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(`${folder}/${path}`, "utf8"));

const app = express();
app.use("/static", express.static(folder, { immutable: true, maxAge: "1y" }));
app.get("/", (_, response) => {
  const { file, css = [], imports = [], integrity } = manifest[entry];
  const tags = [
    ...imports.map((key) => `<link rel="modulepreload" href="/static/${manifest[key].file}" integrity="${manifest[key].integrity}">`),
    ...css.map((sheet) => `<link rel="stylesheet" href="/static/${sheet}">`),
    `<script type="module" src="/static/${file}" integrity="${integrity}"></script>`,
  ];
  response.send(tags.join("\n"));
});
const server = app.listen(0, "127.0.0.1", async () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const page = await (await fetch(origin)).text();
  const script = await fetch(`${origin}/static/${manifest[entry].file}`);
  if (!script.ok || !script.headers.get("cache-control").includes("immutable")) throw new Error("Express does not serve the script");
  console.log(page);
  server.close();
  server.closeAllConnections();
});
