// Ends what an earlier service worker of this place did: its caches go, its pages are loaded again from the network, and so does this one.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil((async () => {
  const names = (await caches.keys()).filter((name) => name.endsWith("-" + registration.scope));
  await Promise.all(names.map((name) => caches.delete(name)));
  const tabs = await clients.matchAll({ type: "window" });
  await registration.unregister();
  // A page that registers this worker again, and finds nothing to end, is left alone.
  if (names.length > 0) await Promise.all(tabs.map((tab) => tab.navigate(tab.url).catch(() => {})));
})()));
