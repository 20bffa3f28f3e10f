// Scenarios: files that the release works without, and too little space.

import assert from "node:assert/strict";
import { eventually, install, keptOf, listOf, notFound, ready, restartWorkers } from "./visit.mjs";

/** One file that does not load fails nothing, and is loaded when it can be. */
export async function missing(visit) {
  const { server, releases: [folder] } = visit;
  const { critical, tolerant } = listOf(folder);
  const [lost, ...others] = tolerant;
  server.answers.set(lost.replace(/\?.*/, ""), notFound);
  const page = await install(visit);
  await eventually(() => keptOf(page), [...critical, ...others].sort());
  server.answers.clear();
  await restartWorkers({ ...visit, page });
  server.log.length = 0;
  await page.reload();
  await eventually(() => keptOf(page), [...critical, ...tolerant].sort());
  assert.deepEqual(server.log.filter((path) => tolerant.some((key) => key.startsWith(path))), [lost.replace(/\?.*/, "")]);
}

/** A server that fails for a moment is asked again. */
export async function retried(visit) {
  const { server, releases: [folder] } = visit;
  const { critical, tolerant } = listOf(folder);
  const script = critical.find((path) => path.includes("lazy"));
  server.answers.set(script, (_, response) => {
    server.answers.delete(script);
    response.writeHead(503).end();
  });
  const page = await install(visit);
  await eventually(() => keptOf(page), [...critical, ...tolerant].sort());
  assert.equal(server.log.filter((path) => path === script).length, 2);
}

/** Without space for all, the critical tier is kept and the site works; the rest follows when there is space. */
export async function quota(visit) {
  const { server, context, open, releases: [folder, second] } = visit;
  const { critical, tolerant } = listOf(folder);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const limit = (quotaSize) => session.send("Storage.overrideQuotaForOrigin", { origin: server.origin, quotaSize });
  // The files of the tolerant tier have 400 kB each.
  await limit(1_000_000);
  await page.goto(`${server.origin}/index.html`);
  await ready(page, "kept");
  await eventually(async () => (await keptOf(page)).length > critical.length, true);
  await restartWorkers({ ...visit, page });
  await page.reload();
  await ready(page);
  const kept = await keptOf(page);
  assert.ok(kept.length < critical.length + tolerant.length, `${kept}`);
  assert.ok(critical.every((path) => kept.includes(path)));
  assert.ok((await page.evaluate(() => navigator.storage.estimate())).usage < 1_000_000);
  // An update that does not fit at all fails and leaves the release in charge.
  await limit(1);
  server.folder = second;
  await page.evaluate(() => window.check());
  await ready(page, "failed");
  await page.reload();
  assert.equal(await page.evaluate(() => document.body.dataset.release), "1");
  server.folder = folder;
  await limit(100_000_000);
  await restartWorkers({ ...visit, page });
  await page.reload();
  await eventually(async () => (await keptOf(page)).filter((path) => tolerant.includes(path)), tolerant);
  await server.close();
  await (await open()).close();
}
