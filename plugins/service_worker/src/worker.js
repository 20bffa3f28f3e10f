// Made by Planish. Keeps the release's files, and nothing else, so that the site opens offline.
const VERSION = "__VERSION__", FALLBACK = "__FALLBACK__", ENTRIES = "__ENTRIES__"; // [URL, revision or null]

const PREFIX = "planish-precache-", SUFFIX = "-" + registration.scope, NAME = PREFIX + VERSION + SUFFIX;
const absolute = url => new URL(url, location).href;
const files = new Set(ENTRIES.map(([url]) => absolute(url)));
const page = url => url.replace(/\/?(index)?(\.html)?$/, "");
const releases = async () => (await caches.keys()).filter(name => name.startsWith(PREFIX) && name.endsWith(SUFFIX));

async function load(url, revision, older) {
  for (const cache of revision ? [] : older) {
    const found = await cache.match(url);
    if (found) return found;
  }
  const response = await fetch(url, revision ? { cache: "reload" } : {});
  // `/about.html` may lead to `/about`, but not to a login page.
  if (!response.ok || (response.redirected && page(response.url) !== page(url))) throw Error(`cannot load ${url}: ${response.status}`);
  // Navigations refuse redirected responses, caches refuse `Vary: *`.
  const headers = new Headers(response.headers);
  headers.delete("vary");
  return new Response(response.body, { headers });
}

async function install() {
  const older = await Promise.all((await releases()).map(name => caches.open(name))), cache = await caches.open(NAME);
  await Promise.all(ENTRIES.map(async ([path, revision]) => {
    const url = absolute(path);
    await cache.put(url, await load(url, revision, older));
  }));
}

async function activate() {
  await Promise.all((await releases()).filter(name => name !== NAME).map(name => caches.delete(name)));
  await clients.claim();
}

// The kept file that answers a navigation.
function document(href) {
  const url = new URL(href);
  for (const name of [...url.searchParams.keys()]) if (/^utm_|^fbclid$/.test(name)) url.searchParams.delete(name);
  const path = url.origin + url.pathname;
  return [path, path + (path.endsWith("/") ? "index.html" : ".html")].map(path => path + url.search).find(url => files.has(url));
}

const kept = async url => url && (await caches.open(NAME)).match(url);

async function offline(href, error) {
  const response = await kept(document(href.replace(/\?.*/, "")) ?? (FALLBACK && absolute(FALLBACK)));
  if (response) return response;
  throw error;
}

addEventListener("install", event => event.waitUntil(install()));
addEventListener("activate", event => event.waitUntil(activate()));
addEventListener("message", event => event.data?.type === "SKIP_WAITING" && skipWaiting());
addEventListener("fetch", event => {
  const { request } = event, href = request.url.replace(/#.*/, "");
  if (request.method !== "GET" || request.headers.has("range")) return;
  const navigates = request.mode === "navigate", url = navigates ? document(href) : files.has(href) && href;
  if (url) event.respondWith(kept(url).then(response => response ?? fetch(request)));
  else if (navigates) event.respondWith(fetch(request).catch(error => offline(href, error)));
});
