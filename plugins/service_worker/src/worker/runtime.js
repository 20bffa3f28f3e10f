// What rules keep besides the release. When a reply was kept and how large it is, it says in a header of its own; an opaque one cannot.

const STAMP = "x-planish-kept";

const stamp = (response) => response.headers.get(STAMP)?.split(" ").map(Number) ?? [Infinity, 0];
const isFresh = (rule, response) => stamp(response)[0] + (rule.age ?? Infinity) > Date.now();

// Replies to a stranger would be the same, unless the rule says that this does not matter.
function mayKeep(rule, request, { type, status, headers }) {
  const says = (name, words) => words.test(headers.get(name) ?? "");
  if (type === "opaque") return rule.opaque;
  if (status !== 200 || says("cache-control", /no-store/i) || says("vary", /\*/)) return false;
  const isPersonal = request.headers.has("authorization") || (type === "cors" && request.credentials === "include")
    || says("cache-control", /private/i) || says("vary", /cookie|authorization/i);
  return rule.credentials || !isPersonal;
}

async function store(rule, cache, request, response) {
  if (response.type !== "opaque") {
    const body = await response.blob(), headers = new Headers(response.headers);
    if (body.size > (rule.size ?? Infinity)) return;
    headers.set(STAMP, Date.now() + " " + body.size);
    response = new Response(body, { headers });
  }
  await cache.put(request, response);
  let count = 0, bytes = 0;
  // The newest first.
  for (const request of (await cache.keys()).reverse()) {
    const other = await cache.match(request);
    count += 1;
    bytes += other ? stamp(other)[1] : 0;
    const isKept = other && count <= rule.entries && bytes <= (rule.size ?? Infinity) && isFresh(rule, other);
    if (!isKept) await cache.delete(request);
  }
}

async function byRule(rule, event) {
  const { request } = event, name = rule.cache + SUFFIX, cache = await caches.open(name), found = await cache.match(request);
  const fresh = found && isFresh(rule, found) ? found : undefined;
  if (fresh && rule.strategy === "cache-first") return fresh;
  const loading = network(event).then((response) => {
    // A full store is no reason to keep on trying.
    if (mayKeep(rule, request, response))
      event.waitUntil(store(rule, cache, request, response.clone()).catch((error) => isFull(error) && caches.delete(name)));
    return response;
  });
  event.waitUntil(loading.catch(() => {}));
  if (!fresh) return loading;
  if (rule.strategy === "stale-while-revalidate") return fresh;
  const late = new Promise((resolve) => rule.timeout && setTimeout(resolve, rule.timeout, fresh));
  return Promise.race([loading, late]).catch(() => fresh);
}
