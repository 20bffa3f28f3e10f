// Keeps the release's files, so that the site opens without a network. A file lies under its URL or, if that stays the same when the file
// changes, with its revision behind it. So releases share what they have in common, and what was loaded before a failure is not lost.

const SUFFIX = "-" + registration.scope, STORE = "planish-precache" + SUFFIX, TABS = registration.scope + "?planish-tabs";

const absolute = (url) => new URL(url, location).href;
const folder = (url) => new URL(".", url).href;
const page = (url) => url.replace(/\/?(index)?(\.html)?$/, "");
const listed = (list) => list.map(([path, hash, isRevised]) => {
  const url = absolute(path);
  return { url, hash, key: isRevised ? url + "?" + hash.slice(0, 8) : url };
});

const critical = listed(CRITICAL), all = critical.concat(listed(TOLERANT));
const keys = new Map(all.map(({ url, key }) => [url, key]));
// Where the chunks of earlier releases are, which old tabs may still ask for.
const folders = new Set(all.filter(({ url, key }) => url === key).map(({ url }) => folder(url)));

const cacheNames = async () => (await caches.keys()).filter((name) => name.startsWith("planish-") && name.endsWith(SUFFIX));
const isFull = (error) => error.name === "QuotaExceededError";

async function get(url, options, attempt = 0) {
  try {
    // What another attempt finds in the browser's own cache would be wrong again.
    const response = await fetch(url, attempt ? { ...options, cache: "reload" } : options);
    if (response.status < 500 || attempt > 1) return response;
  } catch (error) {
    if (attempt > 1) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, 400 << (2 * attempt)));
  return get(url, options, attempt + 1);
}

async function keep(cache, { url, key, hash }) {
  const response = await get(url, { cache: key === url ? "default" : "reload", integrity: INTEGRITY ? "sha384-" + hash : "" });
  // `/about.html` may lead to `/about`, but not to a login page.
  if (response.status !== 200 || (response.redirected && page(response.url) !== page(url)))
    throw Error(`cannot load ${url}: ${response.status}`);
  // Navigations refuse redirected responses, caches refuse `Vary: *`.
  const headers = new Headers(response.headers);
  headers.delete("vary");
  await cache.put(key, new Response(response.body, { headers }));
}

// Does `work` for what is missing of a list, so many at a time.
async function fill(list, width, work) {
  const cache = await caches.open(STORE), kept = new Set((await cache.keys()).map(({ url }) => url));
  const queue = list.filter(({ key }) => !kept.has(key));
  await Promise.all(Array.from({ length: width }, async () => {
    for (let entry; (entry = queue.shift()); ) await work(cache, entry, queue);
  }));
}

// All of the critical tier or nothing: what fails here leaves the previous release in charge.
async function install() {
  try {
    await fill(critical, 6, keep);
  } catch (error) {
    if (!isFull(error)) throw error;
    // What rules kept can be had again.
    await Promise.all((await cacheNames()).filter((name) => name !== STORE).map((name) => caches.delete(name)));
    await fill(critical, 6, keep);
  }
}

// The tolerant tier, and what the browser dropped of the critical one. What fails is left for later.
let completing;
async function complete() {
  let isWhole = true;
  if (!navigator.connection?.saveData)
    // One at a time, so that each sees the space that is left.
    await fill(all, 1, async (cache, entry, queue) => {
      try {
        const { usage, quota } = (await navigator.storage?.estimate()) ?? {};
        // A part is the page's own. And a release that waits would wait for this, too.
        if (usage > quota * 0.8 || registration.waiting) throw new DOMException("", "QuotaExceededError");
        await keep(cache, entry);
      } catch (error) {
        isWhole = false;
        if (isFull(error) || !navigator.onLine) queue.length = 0;
      }
    });
  if (!isWhole) setTimeout(() => (completing = undefined), 60_000);
}

async function activate() {
  const names = [STORE, ...RULES.map(({ cache }) => cache + SUFFIX)];
  await Promise.all((await cacheNames()).filter((name) => !names.includes(name)).map((name) => caches.delete(name)));
  await registration.navigationPreload?.[PRELOAD ? "enable" : "disable"]();
  const tabs = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const cache = await caches.open(STORE), current = new Set(keys.values());
  const stale = (await cache.keys()).map(({ url }) => url).filter((url) => !current.has(url));
  await cache.put(TABS, new Response(JSON.stringify([tabs.map(({ id }) => id), stale])));
  await clients.claim();
  // Pages do not wait for it.
  completing = complete();
}

// Removes what only earlier releases need, once every tab is gone that was open when this one took over. What a later one has loaded since stays.
async function sweep() {
  const cache = await caches.open(STORE), record = await cache.match(TABS);
  if (!record || registration.installing || registration.waiting) return;
  const [tabs, stale] = await record.json();
  for (const id of tabs) if (await clients.get(id)) return;
  for (const url of [...stale, TABS]) await cache.delete(url);
}

// The kept file that answers a navigation.
function documentUrl(href) {
  const url = new URL(href);
  for (const name of [...url.searchParams.keys()]) if (/^utm_|^fbclid$/.test(name)) url.searchParams.delete(name);
  const path = url.origin + url.pathname;
  return [path, path + (path.endsWith("/") ? "index.html" : ".html")].map((path) => path + url.search).find((url) => keys.has(url));
}

const kept = async (key) => key && (await caches.open(STORE)).match(key);
const keptPage = (path) => path && kept(keys.get(absolute(path)));
const network = async (event) => (await event.preloadResponse) ?? fetch(event.request);

async function offline(href, error) {
  const response = (await kept(keys.get(documentUrl(href.replace(/\?.*/, ""))))) ?? (await keptPage(OFFLINE));
  if (response) return response;
  throw error;
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", ({ data, ports }) => {
  if (data?.type === "SKIP_WAITING") skipWaiting();
  if (data?.type === "VERSION") ports[0]?.postMessage(VERSION);
});
addEventListener("fetch", (event) => {
  const { request } = event, href = request.url.replace(/#.*/, ""), { origin } = location;
  if (request.method !== "GET" || request.headers.has("range")) return;
  const isPage = request.mode === "navigate", key = keys.get(isPage ? documentUrl(href) : href);
  const place = href.startsWith(origin + "/") ? href.slice(origin.length) : href;
  const is = (pattern) => pattern && new RegExp(pattern).test(place);
  const rule = key ? undefined : RULES.find(({ urls }) => is(urls));
  event.waitUntil((completing ??= complete()));
  if (isPage) event.waitUntil(Promise.all([sweep(), event.preloadResponse]).catch(() => {}));
  let answer;
  if (key) answer = kept(key);
  else if (rule) answer = rule.strategy !== "network-only" && byRule(rule, event);
  else if (isPage) answer = is(SHELL) ? keptPage(FALLBACK) : network(event);
  else if (folders.has(folder(href))) answer = kept(href);
  if (answer)
    event.respondWith(answer.then((response) => response ?? network(event)).catch((error) => {
      if (isPage) return offline(href, error);
      throw error;
    }));
});
