// Opens a page of a built site in headless Chromium at a slow server and says, as one line of JSON, when which file was asked for.
//
//   node requests.mjs FOLDER PAGE [REFUSED...]
//
// The page says body[data-ready=true]. Requests whose path contains one of REFUSED are refused.
//
// { body: {data attributes}, errors: [text], requests: [{ path, asked, answered }] } in the order of the requests; times in milliseconds

import { launch } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const DELAY = 200;
const PATIENCE = 15_000;

const [folder, path, ...refused] = process.argv.slice(2);
const report = { body: {}, errors: [], requests: [] };
const start = performance.now();
const server = await serve(folder, "/", async (url) => {
  const request = { path: url, asked: Math.round(performance.now() - start), answered: null };
  report.requests.push(request);
  await new Promise((resolve) => setTimeout(resolve, DELAY));
  request.answered = Math.round(performance.now() - start);
});
const browser = await launch();
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => report.errors.push(error.message));
  await page.route((url) => refused.some((part) => url.pathname.includes(part)), (route) => route.abort());
  await page.goto(`${server.origin}/${path}`);
  await page.waitForSelector("body[data-ready=true]", { state: "attached", timeout: PATIENCE });
  report.body = await page.evaluate(() => ({ ...document.body.dataset }));
} finally {
  await browser.close();
  await server.close();
}
console.log(JSON.stringify(report));
