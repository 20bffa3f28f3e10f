// The page's side of the service worker: `WORKER` is its URL, or nothing if the build has none; `IS_KILLED` says that it only ends another.

const container = () => (WORKER ? globalThis.navigator?.serviceWorker : undefined);
const registered = () => container()?.getRegistration(SCOPE ?? WORKER);

/**
 * Registers the service worker once the page is loaded. `onUpdate` is called when another release is ready and waits for `apply`; `onReady`
 * when the site opens without a network for the first time; `onError` when the worker cannot be registered or installed.
 */
export async function register({ onUpdate, onReady, onError } = {}) {
  const workers = container();
  if (!workers) return undefined;
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
  try {
    if (IS_KILLED) return void (await (await registered())?.update());
    const registration = await workers.register(WORKER, SCOPE ? { scope: SCOPE } : {});
    const watch = (worker) => {
      const isUpdate = !!registration.active;
      let isInstalled = false;
      worker.addEventListener("statechange", () => {
        const { state } = worker;
        if (state === "redundant" && !isInstalled) onError?.(Error("the service worker cannot be installed"));
        if (state === "installed") isInstalled = true;
        if (state === "installed" && isUpdate) onUpdate?.(registration);
        if (state === "activated" && !isUpdate) onReady?.(registration);
      });
    };
    if (registration.waiting && registration.active) onUpdate?.(registration);
    if (registration.installing) watch(registration.installing);
    registration.addEventListener("updatefound", () => watch(registration.installing));
    return registration;
  } catch (error) {
    onError?.(error);
    return undefined;
  }
}

/** Lets the waiting release take over and loads this page again. Says whether there was one; other tabs go on with theirs. */
export async function apply() {
  const waiting = (await registered())?.waiting;
  if (!waiting) return false;
  const taken = new Promise((resolve) =>
    waiting.addEventListener("statechange", () => waiting.state === "activated" && resolve()));
  waiting.postMessage({ type: "SKIP_WAITING" });
  await taken;
  location.reload();
  return true;
}

/** Asks the server for another release now: a long-lived page would else only learn of it when it is loaded again. */
export async function check() {
  await (await registered())?.update();
}

/** The version of the release that the service worker keeps; nothing without one. Only a generated worker answers. */
export async function version() {
  const worker = container()?.controller;
  if (!worker) return undefined;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  worker.postMessage({ type: "VERSION" }, [port2]);
  return answer;
}
