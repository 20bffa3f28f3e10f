// Scenarios: what rules keep, what they never keep, and pages that are asked for while the worker starts.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { eventually, install, ready } from "./visit.mjs";

/** Answers a path with the number of the request, and with headers. */
function count(server, path, headers = {}) {
  let number = 0;
  server.answers.set(path, (_, response) => response.writeHead(200, { "Content-Type": "text/plain", ...headers }).end(String(++number)));
}

const text = (page, path, options) => page.evaluate(async ([path, options]) => (await fetch(path, options)).text(), [path, options]);

/** The paths of what rules keep, oldest first. */
const keptByRules = (page) => page.evaluate(async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("planish-runtime"));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return keys.flat().map(({ url }) => url.replace(location.origin, ""));
});

const has = (page, path) => eventually(async () => (await keptByRules(page)).includes(path), true);

/** What is kept of a path. Asking the worker for it may have it replaced, so a loop that asks can miss what it waits for. */
const keptText = (page, path) => page.evaluate(async (path) => (await caches.match(path)).text(), path);

/** Makes what a rule keeps as old as `age` milliseconds. */
const makeOlder = (page, path, age) => page.evaluate(async ([path, age]) => {
  for (const name of (await caches.keys()).filter((name) => name.startsWith("planish-runtime"))) {
    const cache = await caches.open(name), response = await cache.match(path);
    if (!response) continue;
    const headers = new Headers(response.headers);
    headers.set("x-planish-kept", `${Date.now() - age} 1`);
    await cache.put(path, new Response(await response.text(), { headers }));
  }
}, [path, age]);

/** In which order the cache and the network are asked. */
export async function strategies(visit) {
  const { server } = visit;
  const page = await install(visit);
  for (const path of ["/first/a", "/network/a", "/stale/a", "/first/never/a", "/else"]) count(server, path);
  assert.equal(await text(page, "/first/a"), "1");
  await has(page, "/first/a");
  assert.equal(await text(page, "/first/a"), "1");
  assert.equal(await text(page, "/network/a"), "1");
  await has(page, "/network/a");
  assert.equal(await text(page, "/network/a"), "2");
  assert.equal(await text(page, "/stale/a"), "1");
  await has(page, "/stale/a");
  assert.equal(await text(page, "/stale/a"), "1");
  await eventually(() => keptText(page, "/stale/a"), "2");
  assert.equal(await text(page, "/stale/a"), "2");
  assert.equal(await text(page, "/first/never/a"), "1");
  assert.equal(await text(page, "/first/never/a"), "2");
  assert.equal(await text(page, "/else"), "1");
  // A network that is too slow.
  const kept = () => keptText(page, "/network/a");
  await eventually(kept, "2");
  const held = [];
  server.answers.set("/network/a", (_, response) => held.push(response));
  assert.equal(await text(page, "/network/a"), "2");
  held.forEach((response) => response.end("3"));
  await eventually(kept, "3");
  await server.close();
  assert.equal(await text(page, "/network/a"), "3");
  assert.equal(await text(page, "/stale/a").then((text) => text > "1"), true);
  for (const path of ["/first/never/a", "/else"]) await assert.rejects(text(page, path), /Failed to fetch/);
  assert.deepEqual((await keptByRules(page)).sort(), ["/first/a", "/network/a", "/stale/a"]);
}

/** What is too old is not used, and what is too much goes, the oldest first. */
export async function limits(visit) {
  const { server } = visit;
  const page = await install(visit);
  count(server, "/first/a");
  await text(page, "/first/a");
  await has(page, "/first/a");
  await makeOlder(page, "/first/a", 59_000);
  assert.equal(await text(page, "/first/a"), "1");
  await makeOlder(page, "/first/a", 61_000);
  assert.equal(await text(page, "/first/a"), "2");
  // At most three.
  for (const path of ["/first/b", "/first/c", "/first/d"]) {
    count(server, path);
    await text(page, path);
    await has(page, path);
  }
  await eventually(() => keptByRules(page), ["/first/b", "/first/c", "/first/d"]);
  // At most 1000 bytes.
  for (const [path, size] of [["/first/e", 1001], ["/first/f", 999]])
    server.answers.set(path, (_, response) => response.end("x".repeat(size)));
  await text(page, "/first/e");
  await text(page, "/first/f");
  await eventually(() => keptByRules(page), ["/first/d", "/first/f"]);
}

/** What is meant for one user, what other hosts do not explain, and what is no plain success. */
export async function personal(visit) {
  const { server } = visit;
  const page = await install(visit);
  const foreign = createServer((request, response) => {
    const isOpen = request.url.startsWith("/open");
    const allow = { "Access-Control-Allow-Origin": server.origin, "Access-Control-Allow-Credentials": "true" };
    response.writeHead(200, isOpen ? allow : {}).end("foreign");
  });
  await new Promise((resolve) => foreign.listen(0, "127.0.0.1", resolve));
  const host = `http://localhost:${foreign.address().port}`;
  try {
    for (const folder of ["first", "asked"]) {
      count(server, `/${folder}/plain`);
      count(server, `/${folder}/authorized`);
      count(server, `/${folder}/private`, { "Cache-Control": "private" });
      count(server, `/${folder}/cookie`, { Vary: "Accept, Cookie" });
      count(server, `/${folder}/no-store`, { "Cache-Control": "no-store" });
      server.answers.set(`/${folder}/missing`, (_, response) => response.writeHead(404).end());
      count(server, `/${folder}/posted`);
      const options = { authorized: { headers: { authorization: "x" } }, posted: { method: "POST" } };
      for (const name of ["authorized", "private", "cookie", "no-store", "missing", "posted"])
        await text(page, `/${folder}/${name}`, options[name]);
      await text(page, `${host}/open/${folder}/x`, { credentials: "include" });
      await page.evaluate((url) => fetch(url, { mode: "no-cors" }).then(() => {}), `${host}/closed/${folder}/x`);
      // The last one, which is kept, says that those before it have been dealt with.
      await text(page, `/${folder}/plain`);
      await has(page, `/${folder}/plain`);
    }
    const asked = ["/asked/authorized", "/asked/private", "/asked/cookie", `${host}/open/asked/x`, `${host}/closed/asked/x`, "/asked/plain"];
    await eventually(async () => (await keptByRules(page)).sort(), ["/first/plain", ...asked].sort());
  } finally {
    foreign.closeAllConnections();
    foreign.close();
  }
}

/** Pages that rules keep are there without a network, and pages that are not kept are asked for while the worker starts. */
export async function pages(visit) {
  const { server } = visit;
  const page = await install(visit);
  const preloads = [];
  const answer = (title) => (request, response) => {
    preloads.push(request.headers["service-worker-navigation-preload"] ?? null);
    response.writeHead(200, { "Content-Type": "text/html" }).end(`<title>${title}</title><body data-ready></body>`);
  };
  server.answers.set("/articles/1", answer("Article"));
  server.answers.set("/visits/1", answer("Visit"));
  for (const [path, title] of [["articles/1", "Article"], ["visits/1", "Visit"]]) {
    await page.goto(`${server.origin}/${path}`);
    assert.equal(await page.title(), title);
  }
  assert.deepEqual(preloads, ["true", "true"]);
  await has(page, "/articles/1");
  await server.close();
  for (const [path, title] of [["articles/1", "Article"], ["articles/2", "Home"], ["visits/1", "Home"]]) {
    await page.goto(`${server.origin}/${path}`);
    await ready(page);
    assert.equal(await page.title(), title);
  }
}
