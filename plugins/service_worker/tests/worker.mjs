// Two releases' workers, given on standard input, in a browser made of a few objects.
import assert from "node:assert/strict";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import vm from "node:vm";

const [first, second] = JSON.parse(await text(process.stdin));
const SCOPE = "https://shop.example/shop/";

/// What a browser keeps for one origin, and a server that a test can take away.
function makeWorld() {
  const stores = new Map();
  const world = { fetched: [], online: true, answers: new Map(), claimed: 0, skipped: 0, tabs: [], stores };
  const makeCache = entries => ({
    match: async url => entries.get(String(url))?.clone(),
    put: async (url, response) => {
      assert.notEqual(response.headers.get("vary"), "*");
      assert.equal(response.status, 200);
      entries.set(String(url), response);
    },
    keys: async () => [...entries.keys()].map(url => ({ url })),
    delete: async url => entries.delete(String(url)),
  });
  world.caches = {
    open: async name => (stores.has(name) || stores.set(name, new Map()), makeCache(stores.get(name))),
    keys: async () => [...stores.keys()],
    delete: async name => stores.delete(name),
  };
  world.fetch = async (request, options = {}) => {
    const url = request.url ?? String(request);
    world.fetched.push(options.cache === "reload" ? `reload ${url}` : url);
    if (!world.online) throw new TypeError("no network");
    return world.answers.get(url)?.() ?? new Response(`network ${url}`, { headers: { vary: "*", "content-type": "text/html" } });
  };
  return world;
}

function start(world, code, scope = SCOPE) {
  const listeners = {};
  const scopeObject = {
    URL, Response, Headers, Error, DOMException,
    // Waiting is over at once.
    setTimeout: (work, time) => void (time < 60_000 && queueMicrotask(work)),
    navigator: { storage: { estimate: async () => ({ usage: 0, quota: 1 }) } },
    caches: world.caches,
    fetch: world.fetch,
    registration: { scope },
    location: new URL("sw.js", scope),
    clients: {
      claim: async () => world.claimed++,
      matchAll: async () => world.tabs.map(id => ({ id })),
      get: async id => (world.tabs.includes(id) ? { id } : undefined),
    },
    skipWaiting: () => world.skipped++,
    addEventListener: (name, listener) => (listeners[name] = listener),
  };
  vm.runInNewContext(code, scopeObject);
  const lifecycle = async name => {
    let work;
    listeners[name]({ waitUntil: promise => (work = promise) });
    await work;
  };
  return {
    install: () => lifecycle("install"),
    activate: () => lifecycle("activate"),
    message: data => listeners.message({ data }),
    /// The body of the answer; `undefined` if the worker leaves the request to the browser.
    async fetch(path, { mode = "no-cors", method = "GET", headers = {} } = {}) {
      let answer;
      const request = { url: new URL(path, scope).href, mode, method, headers: new Headers(headers) };
      const work = [];
      listeners.fetch({ request, respondWith: promise => (answer = promise), waitUntil: promise => work.push(promise) });
      const body = answer && (await (await answer).text());
      await Promise.all(work);
      return body;
    },
    open(path) {
      return this.fetch(path, { mode: "navigate" });
    },
  };
}

async function installed(world, code, scope) {
  const worker = start(world, code, scope);
  await worker.install();
  await worker.activate();
  return worker;
}

/// The paths that are kept, without revisions.
const keptIn = world => [...world.stores.values()].flatMap(store => [...store.keys()].map(url => url.slice(SCOPE.length).replace(/\?.*/, ""))).filter(Boolean).sort();

test("install keeps every file, and asks the server anew for names without a hash", async () => {
  const world = makeWorld();
  await start(world, first).install();
  assert.deepEqual(world.fetched.sort(), [
    SCOPE + "assets/app-1.css",
    SCOPE + "assets/app-1.js",
    "reload " + SCOPE + "about.html",
    "reload " + SCOPE + "docs/index.html",
    "reload " + SCOPE + "index.html",
  ]);
  assert.deepEqual(keptIn(world), ["about.html", "assets/app-1.css", "assets/app-1.js", "docs/index.html", "index.html"]);
  assert.equal(world.skipped, 0);
});

test("the first page is controlled at once", async () => {
  const world = makeWorld();
  await installed(world, first);
  assert.equal(world.claimed, 1);
});

test("one file that does not load fails the install, and the next attempt resumes", async () => {
  const world = makeWorld();
  world.answers.set(SCOPE + "assets/app-1.css", () => new Response("", { status: 404 }));
  await assert.rejects(start(world, first).install(), /cannot load .*app-1\.css: 404/);
  world.answers.clear();
  world.fetched.length = 0;
  await start(world, first).install();
  assert.ok(!world.fetched.includes(SCOPE + "assets/app-1.js"));
});

test("a redirect to another page is no file, one to a prettier name is", async () => {
  const redirected = url => () => Object.defineProperties(new Response("x"), { redirected: { value: true }, url: { value: url } });
  const world = makeWorld();
  world.answers.set(SCOPE + "about.html", redirected(SCOPE + "about"));
  world.answers.set(SCOPE + "docs/index.html", redirected(SCOPE + "docs/"));
  await start(world, first).install();
  const other = makeWorld();
  other.answers.set(SCOPE + "about.html", redirected(SCOPE + "login"));
  await assert.rejects(start(other, first).install(), /cannot load/);
});

test("kept files come from the cache", async () => {
  const world = makeWorld();
  const worker = await installed(world, first);
  world.fetched.length = 0;
  assert.equal(await worker.fetch("assets/app-1.js"), `network ${SCOPE}assets/app-1.js`);
  assert.equal(await worker.open("?utm_source=x&fbclid=1#top"), `network ${SCOPE}index.html`);
  assert.equal(await worker.open("docs/"), `network ${SCOPE}docs/index.html`);
  assert.equal(await worker.open("about"), `network ${SCOPE}about.html`);
  assert.equal(await worker.open("about.html"), `network ${SCOPE}about.html`);
  assert.deepEqual(world.fetched, []);
});

test("a kept file that the browser has dropped comes from the network", async () => {
  const world = makeWorld();
  const worker = await installed(world, first);
  world.stores.clear();
  assert.equal(await worker.fetch("assets/app-1.js"), `network ${SCOPE}assets/app-1.js`);
});

test("without a network, navigations are answered", async () => {
  const world = makeWorld();
  const worker = await installed(world, first);
  world.online = false;
  assert.equal(await worker.open("about"), `network ${SCOPE}about.html`);
  assert.equal(await worker.open("about.html?tab=2"), `network ${SCOPE}about.html`);
  assert.equal(await worker.open("unknown/page"), `network ${SCOPE}index.html`);
});

test("with a network, unknown pages and pages with a query come from it", async () => {
  const world = makeWorld();
  const worker = await installed(world, first);
  assert.equal(await worker.open("about.html?tab=2"), `network ${SCOPE}about.html?tab=2`);
  assert.equal(await worker.open("unknown"), `network ${SCOPE}unknown`);
});

test("everything else is the browser's business, and nothing of it is kept", async () => {
  const world = makeWorld();
  const worker = await installed(world, first);
  assert.equal(await worker.fetch("api/cart"), undefined);
  assert.equal(await worker.fetch("index.html", { method: "POST" }), undefined);
  assert.equal(await worker.fetch("assets/app-1.js", { headers: { range: "bytes=0-" } }), undefined);
  assert.equal(await worker.fetch("https://other.example/shop/index.html"), undefined);
  await worker.open("unknown");
  assert.equal(keptIn(world).length, 5);
});

test("an update loads only what changed and removes what only older releases need when their tabs are gone", async () => {
  const world = makeWorld();
  await installed(world, first);
  world.stores.set("another-cache", new Map());
  world.stores.set("planish-precache-old-" + SCOPE, new Map());
  await installed(world, first, "https://shop.example/");
  world.fetched.length = 0;
  const worker = start(world, second);
  await worker.install();
  assert.deepEqual(world.fetched.filter(url => !url.startsWith("reload")), [SCOPE + "assets/app-2.js"]);
  assert.ok(world.fetched.includes("reload " + SCOPE + "index.html"));
  world.tabs.push("old");
  await worker.activate();
  assert.deepEqual([...world.stores.keys()].map(name => name.replace(/-https.*/, "")), ["planish-precache", "another-cache", "planish-precache"]);
  world.online = false;
  await worker.open("");
  assert.equal(await worker.fetch("assets/app-1.js"), `network ${SCOPE}assets/app-1.js`);
  world.tabs.length = 0;
  await worker.open("");
  await assert.rejects(worker.fetch("assets/app-1.js"), /no network/);
  assert.equal(await worker.fetch("assets/app-1.css"), `network ${SCOPE}assets/app-1.css`);
});

test("an update waits until it is told not to", async () => {
  const world = makeWorld();
  const worker = start(world, second);
  worker.message({ type: "something else" });
  worker.message(undefined);
  assert.equal(world.skipped, 0);
  worker.message({ type: "SKIP_WAITING" });
  assert.equal(world.skipped, 1);
});
