// Scenarios: a worker keeps a release, and the next one takes over.

import assert from "node:assert/strict";
import { eventually, install, keptOf, listOf, newFiles, notFound, ready, restartWorkers, update } from "./visit.mjs";

/** The whole release is kept, and the site opens without a network: kept pages, lazy code, unknown addresses. */
export async function offline(visit) {
  const { server, releases } = visit;
  const page = await install(visit);
  const { critical, tolerant } = listOf(releases[0]);
  await eventually(() => keptOf(page), [...critical, ...tolerant].sort());
  assert.match(await page.evaluate(() => window.version()), /^[\w-]{8}$/);
  await server.close();
  await page.reload();
  await ready(page);
  assert.equal(await page.evaluate(() => window.lazy()), "lazy 1");
  for (const path of ["about", "about.html?from=mail", "index.html?utm_source=mail"]) {
    await page.goto(`${server.origin}/${path}`);
    assert.equal(await page.title(), path.startsWith("about") ? "About" : "Home", path);
  }
  await page.goto(`${server.origin}/never/was/here`);
  assert.equal(await page.title(), "Offline");
  await page.goto(`${server.origin}/app/orders/7`);
  assert.equal(await page.title(), "Home");
}

/** Addresses of the app shell are answered without asking the server, others are not. */
export async function shell(visit) {
  const { server } = visit;
  const page = await install(visit);
  server.answers.set("/visits/7", (_, response) => response.end("<title>Visit</title>"));
  server.log.length = 0;
  await page.goto(`${server.origin}/app/orders/7`);
  assert.equal(await page.title(), "Home");
  assert.ok(!server.log.includes("/app/orders/7"));
  await page.goto(`${server.origin}/visits/7`);
  assert.equal(await page.title(), "Visit");
}

/** An update loads what the last release did not have and nothing else, waits, and takes over when it is told to. */
export async function updates(visit) {
  const { server, releases: [first, second] } = visit;
  const page = await install(visit);
  await eventually(() => keptOf(page), all(first));
  server.folder = second;
  server.log.length = 0;
  await update(page);
  const expected = newFiles(second, first).filter((path) => isListed(second, path));
  assert.ok(expected.length > 0 && expected.length < all(second).length, `${expected}`);
  assert.deepEqual([...new Set(server.log)].sort(), [...expected, "/sw.js"].sort());
  await page.reload();
  await ready(page, "update");
  assert.equal(await page.evaluate(() => document.body.dataset.release), "1");
  await Promise.all([page.waitForSelector("body[data-release='2']", { state: "attached" }), page.evaluate(() => void window.apply())]);
  assert.equal(await page.evaluate(() => window.lazy()), "lazy 2");
  // What only the first release had goes with its last tab.
  await page.reload();
  await eventually(() => keptOf(page), all(second));
}

/** A tab of the last release goes on when the next one has taken over and the server has forgotten the last. */
export async function tabs(visit) {
  const { server, open, releases: [first, second] } = visit;
  const page = await install(visit);
  await eventually(() => keptOf(page), all(first));
  const old = await open();
  server.folder = second;
  await update(page);
  await Promise.all([page.waitForSelector("body[data-release='2']", { state: "attached" }), page.evaluate(() => void window.apply())]);
  assert.equal(await old.evaluate(() => document.body.dataset.release), "1");
  const gone = newFiles(first, second).filter((path) => path.includes("lazy"));
  assert.equal(gone.length, 1);
  assert.equal((await fetch(server.origin + gone[0])).status, 404);
  assert.equal(await old.evaluate(() => window.lazy()), "lazy 1");
  await page.reload();
  assert.ok((await keptOf(page)).includes(gone[0]));
  await old.close();
  await page.reload();
  await eventually(() => keptOf(page), all(second));
}

/** One file of the critical tier that does not load leaves the last release in charge; the next attempt loads only what is missing. */
export async function critical(visit) {
  const { server, releases: [first, second] } = visit;
  const page = await install(visit);
  await eventually(() => keptOf(page), all(first));
  const added = newFiles(second, first).filter((path) => isListed(second, path));
  const lost = added.find((path) => path.includes("lazy"));
  server.folder = second;
  server.answers.set(lost, notFound);
  await page.evaluate(() => window.check());
  await ready(page, "failed");
  // Twice: the worker in charge tidies up when the tabs are gone that it found.
  for (const _ of [1, 2]) {
    await page.reload();
    await ready(page);
    assert.equal(await page.evaluate(() => document.body.dataset.release), "1");
  }
  await restartWorkers({ ...visit, page });
  await page.reload();
  await ready(page);
  server.answers.clear();
  server.log.length = 0;
  await update(page);
  assert.deepEqual([...new Set(server.log)].sort(), [lost, "/sw.js"].sort());
}

/** A file whose bytes are not those that were built is not kept. */
export async function integrity(visit) {
  const { server, open, releases: [first] } = visit;
  const script = listOf(first).critical.find((path) => path.includes("lazy"));
  server.answers.set(script, (_, response) => response.writeHead(200, { "Content-Type": "text/javascript" }).end("alert(1)"));
  const page = await open();
  await ready(page, "failed");
  assert.ok(!(await keptOf(page)).includes(script));
}

/** Nothing of the worker is left, nothing else is lost, and the page is loaded once more from the network. */
export async function kill(visit) {
  const { server, releases: [first, , killing] } = visit;
  const page = await install(visit);
  await eventually(() => keptOf(page), all(first));
  await page.evaluate(() => caches.open("another"));
  server.folder = killing;
  await page.reload();
  await page.waitForSelector("body[data-release='3']", { state: "attached" });
  await eventually(() => page.evaluate(() => caches.keys()), ["another"]);
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
  // A page that registers it itself is not loaded again and again.
  await page.evaluate(() => navigator.serviceWorker.register("/sw.js"));
  await eventually(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
  assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation").length), 1);
  server.log.length = 0;
  await page.reload();
  await ready(page);
  assert.equal(server.log.filter((path) => path === "/index.html").length, 1);
  assert.deepEqual(await page.evaluate(() => caches.keys()), ["another"]);
}

/** A build without a worker has a page that asks for one all the same. */
export async function absent({ open }) {
  const page = await open();
  assert.equal(await page.evaluate(() => window.apply()), false);
  await page.evaluate(() => window.check());
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
}

function all(folder) {
  const { critical, tolerant } = listOf(folder);
  return [...critical, ...tolerant].sort();
}

function isListed(folder, path) {
  return all(folder).some((key) => key.replace(/\?.*/, "") === path);
}
