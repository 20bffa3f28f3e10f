// How much a visitor downloads.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** Bytes of all scripts and stylesheets below a folder, as they are and with Brotli 11, each file compressed on its own. */
export function sizes(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => /\.(m?js|css)$/.test(name));
  const files = names.map((name) => readFileSync(join(folder, name)));
  const sum = (measure) => files.reduce((total, file) => total + measure(file), 0);
  return { files: files.length, raw: sum((file) => file.length), brotli: sum((file) => brotli(file).length) };
}

/** A file with Brotli 11. */
export function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params });
}
