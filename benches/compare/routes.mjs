// What a first visit of a page downloads: the sum of all files says nothing of that.

import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { launch } from "../../tests/browser/chromium.mjs";
import { serve } from "../../tests/browser/serve.mjs";
import { median } from "./numbers.mjs";
import { brotli } from "./sizes.mjs";

/** How many pages Chromium has open at a time. */
const OPEN = 4;

/** Tenths of a second without a request after which a page has all that it needs, and after which it never will. */
const QUIET = 15;
const PATIENCE = 300;

/**
 * The Brotli bytes of the scripts that Chromium asks for when it opens `/#0`, `/#1` and so on with an empty cache: the median and the most
 * over all routes. `out` has the entry script, `main.js` or so.
 */
export async function routeSizes(out, routes) {
  const names = readdirSync(out, { recursive: true }).filter((name) => /\.m?js$/.test(name));
  const entry = names.find((name) => /^main\b/.test(basename(name)));
  if (!entry) throw new Error(`${out} has no entry script`);
  const compressed = new Map();
  const size = (name) => {
    if (!compressed.has(name)) compressed.set(name, brotli(readFileSync(join(out, name))).length);
    return compressed.get(name);
  };
  const page = `<!doctype html><div id="root"></div><script type="module" src="/${entry}"></script>`;
  const loadsRoute = (asked) => names.filter((name) => asked.has(name)).length > 1;
  const server = await serve(out, "/", (url, _, response) => url === "/" && response.setHeader("content-type", "text/html").end(page));
  const browser = await launch();
  const left = Array.from({ length: routes }, (_, route) => route);
  const sums = [];
  const visit = async () => {
    for (let route = left.pop(); route !== undefined; route = left.pop()) {
      const context = await browser.newContext();
      const tab = await context.newPage();
      const asked = new Set();
      tab.on("requestfinished", (request) => asked.add(new URL(request.url()).pathname.slice(1)));
      await tab.goto(`${server.origin}/#${route}`);
      // A script is asked for when the one before it has been read and run, which takes longer than `networkidle` waits.
      for (let quiet = 0, round = 0; quiet < QUIET && round < PATIENCE; round++) {
        const before = asked.size;
        await tab.waitForTimeout(100);
        quiet = asked.size === before && loadsRoute(asked) ? quiet + 1 : 0;
      }
      await context.close();
      if (!loadsRoute(asked)) throw new Error(`${out} does not load route ${route}`);
      const scripts = names.filter((name) => asked.has(name));
      sums.push(scripts.reduce((sum, name) => sum + size(name), 0));
    }
  };
  try {
    await Promise.all(Array.from({ length: OPEN }, visit));
  } finally {
    await browser.close();
    await server.close();
  }
  return { median: median(sums), most: Math.max(...sums) };
}
