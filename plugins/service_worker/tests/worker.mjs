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
  const world = { fetched: [], online: true, answers: new Map(), claimed: 0, skipped: 0, stores };
  const makeCache = entries => ({
    match: async url => entries.get(String(url))?.clone(),
    put: async (url, response) => {
      assert.notEqual(response.headers.get("vary"), "*");
      assert.equal(response.status, 200);
      entries.set(String(url), response);
    },
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
    URL, Response, Headers, Error,
    caches: world.caches,
    fetch: world.fetch,
    registration: { scope },
    location: new URL("sw.js", scope),
    clients: { claim: async () => world.claimed++ },
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
      listeners.fetch({ request, respondWith: promise => (answer = promise) });
      return answer && (await (await answer).text());
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
  assert.equal(world.stores.size, 1);
  assert.equal([...world.stores.values()][0].size, 5);
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
  world.answers.set(SCOPE + "about.html", redirected(SCOPE + "login"));
  await assert.rejects(start(world, first).install(), /cannot load/);
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
  assert.equal([...world.stores.values()][0].size, 5);
});

test("an update loads only what changed and removes the older release when it takes over", async () => {
  const world = makeWorld();
  await installed(world, first);
  world.stores.set("another-cache", new Map());
  await installed(world, first, "https://shop.example/");
  world.fetched.length = 0;
  const worker = start(world, second);
  await worker.install();
  assert.ok(world.fetched.includes(SCOPE + "assets/app-2.js"));
  assert.ok(world.fetched.includes("reload " + SCOPE + "index.html"));
  assert.ok(!world.fetched.includes(SCOPE + "assets/app-1.css"));
  assert.equal(world.stores.size, 4);
  await worker.activate();
  assert.equal(world.stores.size, 3);
  assert.ok(world.stores.has("another-cache"));
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
