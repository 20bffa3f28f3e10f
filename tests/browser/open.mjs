// Opens a page of a built site in headless Chromium and says what happened, as one line of JSON.
//
//   node open.mjs FOLDER PAGE [--base /path/] [--origin http://localhost:8080] [STEP...]
//
// With an origin, the folder is served there already. Each step may take 15 seconds, or as many milliseconds as `--patience` says.
//
// Steps are done in the order given, after the page says body[data-ready=true] and all its images are decoded:
//   --lazy              clicks the first [data-open-details] and waits for body[data-lazy=true]
//   --click SELECTOR    clicks
//   --wait SELECTOR     waits until it is attached
//   --service-worker    waits for control by a service worker, kills the server, reloads and waits for body[data-ready=true] again
//   --fallback PATH     navigates to a path that was never built; only after --service-worker
//   --screenshot FILE   takes a picture of the whole page
//
// { ok, errors: [text], title, body: {data attributes}, images: [path], fonts: [family], offlineMissing: [path], steps: {name: milliseconds} }
// `errors` has console errors, uncaught exceptions, failed requests and steps; the exit code is 1 if there are any, 2 for wrong usage.
// Without the network an image, font or icon that was not kept is no error: it is in `offlineMissing`.

import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const { folder, page: path, base, origin, patience, steps } = readArguments();
const report = { ok: false, errors: [], title: "", body: {}, images: [], fonts: [], offlineMissing: [], steps: {} };
let offline = false;

const actions = {
  async lazy(page) {
    await page.evaluate(() => delete document.body.dataset.lazy);
    await page.locator("[data-open-details]").first().click();
    await page.waitForSelector("body[data-lazy=true]", { state: "attached" });
  },
  async click(page, selector) {
    await page.locator(selector).first().click();
  },
  async wait(page, selector) {
    await page.waitForSelector(selector, { state: "attached" });
  },
  async "service-worker"(page) {
    await within("no service worker controls the page", page.evaluate(() =>
      navigator.serviceWorker.controller
        ? undefined
        : new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true })),
    ));
    await server.close();
    offline = true;
    await page.reload();
    await ready(page);
  },
  async fallback(page, target) {
    await go(page, target);
  },
  async screenshot(page, file) {
    await page.screenshot({ path: file, fullPage: true });
  },
};

const server = origin ? { origin, close() {} } : await serve(folder, base);
try {
  const browser = await launch();
  try {
    await visit(browser);
  } finally {
    await browser.close();
  }
} catch (error) {
  report.errors.push(error.message.split("\n")[0]);
} finally {
  await server.close();
}
report.ok = report.errors.length === 0;
console.log(JSON.stringify(report));
process.exitCode = report.ok ? 0 : 1;

function readArguments() {
  try {
    const { positionals, tokens, values } = parseArgs({
      allowPositionals: true,
      tokens: true,
      options: {
        base: { type: "string", default: "/" },
        origin: { type: "string" },
        patience: { type: "string", default: "15000" },
        lazy: { type: "boolean" },
        click: { type: "string", multiple: true },
        wait: { type: "string", multiple: true },
        "service-worker": { type: "boolean" },
        fallback: { type: "string", multiple: true },
        screenshot: { type: "string", multiple: true },
      },
    });
    if (positionals.length !== 2) throw new Error("a folder and a page are needed");
    const steps = tokens.filter((token) => token.kind === "option" && !["base", "origin", "patience"].includes(token.name));
    return { folder: positionals[0], page: positionals[1], base: values.base, origin: values.origin, patience: Number(values.patience), steps };
  } catch (error) {
    console.error(`open.mjs: ${error.message}`);
    process.exit(2);
  }
}

async function visit(browser) {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  listen(page);
  await step("ready", async () => {
    await go(page, path);
  });
  await step("images", async () => {
    report.images = await decodeImages(page);
  });
  for (const { name, value } of steps) await step(name, () => actions[name](page, value));
  report.title = await page.title();
  report.body = await page.evaluate(() => ({ ...document.body.dataset }));
  report.fonts = await page.evaluate(() => [...document.fonts].filter(({ status }) => status === "loaded").map(({ family }) => family));
}

async function step(name, action) {
  const start = performance.now();
  try {
    await action();
    report.steps[name] = Math.round(performance.now() - start);
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
}

async function go(page, target) {
  const response = await page.goto(server.origin + base + target);
  if (!response.ok()) throw new Error(`${target} answers ${response.status()}`);
  await ready(page);
}

function ready(page) {
  return page.waitForSelector("body[data-ready=true]", { state: "attached" });
}

/** Paths of all images, those too that a browser would load later; an error names the ones that are broken. */
async function decodeImages(page) {
  const images = await within("an image does not load", page.evaluate(async () => {
    const all = [...document.images];
    for (const image of all) image.loading = "eager";
    return Promise.all(all.map(async (image) => {
      const works = await image.decode().then(() => image.naturalWidth > 0, () => false);
      return { url: image.currentSrc || image.src, works };
    }));
  }));
  for (const { url, works } of images) if (!works) report.errors.push(`broken image ${pathOf(url)}`);
  return images.map(({ url }) => pathOf(url));
}

async function within(message, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function listen(page) {
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const url = message.location().url;
    // What failed to load is told apart by kind below.
    if (message.text().startsWith("Failed to load resource") && url.startsWith(server.origin)) return;
    report.errors.push(`console: ${message.text()} (${pathOf(url)})`);
  });
  page.on("pageerror", (error) => report.errors.push(`uncaught: ${error.message}`));
  page.on("requestfailed", (request) => lose(request, request.failure()?.errorText));
  page.on("response", (response) => {
    if (response.status() >= 400) lose(response.request(), response.status());
  });
}

function lose(request, reason) {
  if (reason === "net::ERR_ABORTED") return;
  const path = pathOf(request.url());
  const isExtra = ["image", "font", "manifest", "other"].includes(request.resourceType());
  if (offline && isExtra) report.offlineMissing.push(path);
  else report.errors.push(`${request.resourceType()} ${path}: ${reason}`);
}

function pathOf(url) {
  return url.startsWith(server.origin) ? url.slice(server.origin.length) : url.slice(0, 200);
}
