// A whole site: pages, photographs as AVIF, WebP and smaller originals, gzip and Brotli, a manifest, a service worker. Beside Vite with the
// plugins that make the same of it.

import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planish } from "./install.mjs";
import { runMeasured } from "./measure.mjs";
import { median } from "./numbers.mjs";

const source = join(import.meta.dirname, "../../fixtures/storefront");

const contestants = [
  { name: "Planish", prepare: copy, command: (out, cache) => [planish, "build", "--out", out, "--cache-dir", cache] },
  {
    name: "Vite with plugins",
    prepare: prepareVite,
    command: (out, cache) => [process.execPath, join(import.meta.dirname, "tools/vite-storefront.mjs"), out, cache],
  },
];

/** Median seconds by tool: with an empty cache, and with nothing changed since. Tools take turns. */
export function measureStorefront(work, { runs, timeout, note }) {
  const rows = contestants.map((tool) => ({ tool, folder: join(work, "storefront", tool.name.replaceAll(" ", "-")), cold: [], warm: [], failure: null }));
  for (const row of rows) row.tool.prepare(row.folder);
  for (let round = 0; round <= runs; round++) {
    for (const row of rows.filter(({ failure }) => !failure)) {
      const [out, cache] = ["out", "cache"].map((name) => `${row.folder}-${name}`);
      for (const path of [out, cache]) rmSync(path, { recursive: true, force: true });
      mkdirSync(out, { recursive: true });
      const [cold, warm] = [0, 1].map(() => runMeasured(row.tool.command(out, cache), row.folder, `${out}.log`, timeout));
      row.failure = cold.failure ?? warm.failure ?? check(out) ?? null;
      if (round > 0 && !row.failure) {
        row.cold.push(cold.wall);
        row.warm.push(warm.wall);
      }
      note(`storefront ${round}/${runs} ${row.tool.name}: ${row.failure ?? `${cold.wall.toFixed(2)}, ${warm.wall.toFixed(3)} s`}`);
    }
  }
  return rows.map(({ tool, failure, cold, warm }) => ({
    tool: tool.name,
    failure,
    samples: { cold, warm },
    ...(!failure && { cold: median(cold), warm: median(warm) }),
  }));
}

/** Every tool did the whole of the work. */
function check(out) {
  const names = readdirSync(out, { recursive: true });
  for (const end of [".avif", ".webp", ".html.br", ".html.gz", ".js.br", ".js.map", "sw.js"]) {
    const count = names.filter((name) => name.endsWith(end)).length;
    if (count < (/avif|webp/.test(end) ? 12 : 1)) return `${count} files ${end}`;
  }
}

function copy(folder) {
  rmSync(folder, { recursive: true, force: true });
  const left = new Set([".cache", "dist"]);
  cpSync(source, folder, { recursive: true, filter: (path) => !left.has(path.split("/").at(-1)) });
}

/** imagetools goes by imports, so photographs that pages name are imported by a module beside. */
function prepareVite(folder) {
  copy(folder);
  const photos = readdirSync(join(folder, "src/photos")).filter((name) => /\.(jpe?g|png)$/.test(name));
  const query = (name) => `?format=avif;webp;${name.endsWith("png") ? "png" : "jpg"}&as=picture`;
  const imports = photos.map((name, at) => `import photo${at} from "./photos/${name}${query(name)}";\n`).join("");
  const list = `globalThis.photos = [${photos.map((_, at) => `photo${at}`).join(", ")}];\n`;
  writeFileSync(join(folder, "src/all-photos.js"), imports + list);
  const shell = join(folder, "src/shell.ts");
  writeFileSync(shell, `import "./all-photos.js";\n${readFileSync(shell, "utf8")}`);
}
