// A static file server on a free port of this machine, which can really be switched off.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const types = {
  ".avif": "image/avif",
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".otf": "font/otf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/**
 * Serves `folder` below the URL path `base`. Nothing is kept by the browser's own cache, so what works offline is the service worker's.
 * An answer waits for `before`, which is called with the path, the request and the response, and says whether it answered itself. What is
 * served can be changed: it is the `folder` of the result.
 */
export async function serve(folder, base = "/", before = undefined) {
  const served = { folder };
  const server = createServer(async (request, response) => {
    if (await before?.(request.url, request, response)) return;
    const file = fileOf(served.folder, base, request.url);
    if (!file) return void response.writeHead(404, { "Content-Type": "text/plain" }).end("not found");
    response.writeHead(200, {
      "Content-Type": types[extname(file).toLowerCase()] ?? "application/octet-stream",
      "Content-Length": statSync(file).size,
      "Cache-Control": "no-store",
    });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(served, {
    origin: `http://localhost:${server.address().port}`,
    async close() {
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  });
}

function fileOf(folder, base, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  if (!path.startsWith(base)) return undefined;
  const inside = normalize(`/${path.slice(base.length)}`).split("/").join(sep);
  const candidates = inside.endsWith(sep) ? [join(folder, inside, "index.html")] : [join(folder, inside)];
  return candidates.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}
