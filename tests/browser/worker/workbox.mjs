// Scenario: a worker of the user's own, with Workbox's precaching.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { install, newFiles, ready, update } from "./visit.mjs";

const require = createRequire(new URL("../../setup/package.json", import.meta.url));

const listOf = (folder) => JSON.parse(readFileSync(join(folder, "sw.js"), "utf8").match(/\[\{"url":.*?\}\]/)[0]);

/** Workbox takes the list, keeps what it names, and loads what is new. */
export async function precaching(visit) {
  const { server, releases: [first, second] } = visit;
  await assertValid(first);
  const page = await install(visit);
  const kept = await page.evaluate(async () => {
    const name = (await caches.keys()).find((name) => name.startsWith("workbox-precache-v2-"));
    return (await (await caches.open(name)).keys()).map(({ url }) => url.slice(location.origin.length)).sort();
  });
  const key = ({ url, revision }) => url.slice(1) + (revision ? `?__WB_REVISION__=${encodeURIComponent(revision)}` : "");
  assert.deepEqual(kept, listOf(first).map(key).sort());
  server.folder = second;
  server.log.length = 0;
  await update(page);
  const paths = (list) => list.map(({ url }) => url.slice(1));
  const expected = newFiles(second, first).filter((path) => paths(listOf(second)).includes(path));
  assert.deepEqual([...new Set(server.log)].sort(), [...expected, "/sw.js"].sort());
  await page.evaluate(() => void window.apply());
  await page.waitForSelector("body[data-release='2']", { state: "attached" });
  await server.close();
  await page.reload();
  await ready(page);
  assert.equal(await page.evaluate(() => window.lazy()), "lazy 2");
}

/** Workbox's own tool accepts the entries and lists the same files. */
async function assertValid(folder) {
  const { getManifest } = require("workbox-build");
  const list = listOf(folder);
  const options = { globDirectory: folder, globPatterns: ["**/*.{html,js}"], globIgnores: ["sw.js"] };
  const own = await getManifest({ ...options, dontCacheBustURLsMatching: /^assets\// });
  const plain = ({ url }) => url.replace("./", "");
  assert.deepEqual(list.map(plain).sort(), own.manifestEntries.map(plain).sort());
  for (const { url, revision } of own.manifestEntries)
    assert.equal(list.find((entry) => plain(entry) === url).revision === null, revision === null, url);
  const { warnings } = await getManifest({ additionalManifestEntries: list, globDirectory: folder, globPatterns: [] });
  assert.deepEqual(warnings, []);
}
