// What the scenarios of service workers share: a server whose release can be replaced, a browser, and looks into its caches.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { launch } from "../chromium.mjs";
import { serve } from "../serve.mjs";

const PATIENCE = 20_000;

/**
 * Serves the first of the releases to a browser and runs the scenario with what it needs:
 *   server     `folder` is what is served; `log` has the paths that were asked for; `answers` maps paths to functions of request and response
 *   releases   the folders
 *   context    a browser context; `open()` gives a page of it that has run its script
 */
export async function visit(releases, scenario) {
  const log = [], answers = new Map();
  const server = await serve(releases[0], "/", (url, request, response) => {
    log.push(url);
    const answer = answers.get(url) ?? answers.get(url.replace(/\?.*/, ""));
    answer?.(request, response);
    return answer !== undefined;
  });
  Object.assign(server, { log, answers });
  const browser = await launch();
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    const open = async (path = "index.html") => {
      const page = await context.newPage();
      await page.goto(`${server.origin}/${path}`);
      await ready(page);
      return page;
    };
    await scenario({ server, releases, browser, context, open });
  } finally {
    await browser.close();
    await server.close();
  }
}

export const ready = (page, state = "ready") => page.waitForSelector(`body[data-${state}]`, { state: "attached" });

/** Opens the first page and waits until its release is kept. */
export async function install({ open }) {
  const page = await open();
  await ready(page, "kept");
  return page;
}

/** Looks for an update and waits until it is ready. */
export async function update(page) {
  await page.evaluate(() => window.check());
  await ready(page, "update");
}

/** The paths of all that the worker keeps of releases, with revisions, sorted. */
export function keptOf(page) {
  return page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("planish-precache"));
    const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    const urls = keys.flat().map(({ url }) => url.slice(location.origin.length));
    return urls.filter((url) => !url.includes("?planish-tabs")).sort();
  });
}

/** The paths of what a release's worker keeps, as `keptOf` gives them, by tier. */
export function listOf(folder) {
  const code = readFileSync(join(folder, "sw.js"), "utf8");
  const list = (name) => JSON.parse(code.match(new RegExp(`const ${name} = (\\[[^]*?\\]);\n`))[1]);
  const keys = (name) => list(name).map(([url, hash, isRevised]) => url.slice(1) + (isRevised ? `?${hash.slice(0, 8)}` : ""));
  return { critical: keys("CRITICAL").sort(), tolerant: keys("TOLERANT").sort() };
}

/** The files of one folder that the other does not have with these bytes. */
export function newFiles(folder, before) {
  const files = (root) => {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [path.slice(root.length), createHash("sha256").update(readFileSync(path)).digest("hex")]));
  };
  const old = files(before);
  return [...files(folder)].filter(([path, hash]) => old.get(path) !== hash).map(([path]) => path).sort();
}

/** Waits until a function gives what is expected; fails with what it gave last. */
export async function eventually(look, expected) {
  const text = JSON.stringify(expected);
  const deadline = Date.now() + PATIENCE;
  let found;
  while (JSON.stringify((found = await look())) !== text) {
    if (Date.now() > deadline) throw new Error(`expected ${text}, found ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Stops all workers, so that the next event starts them anew. */
export async function restartWorkers({ context, page }) {
  const session = await context.newCDPSession(page);
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await session.detach();
}

export function notFound(_, response) {
  response.writeHead(404).end();
}
