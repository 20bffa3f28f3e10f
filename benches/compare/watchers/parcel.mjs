// usage: parcel.mjs ENTRY OUT
import { Parcel } from "@parcel/core";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [entry, out] = process.argv.slice(2);

const parcel = new Parcel({
  entries: [resolve(entry)],
  defaultConfig: createRequire(import.meta.url).resolve("@parcel/config-default"),
  mode: "development",
  env: { NODE_ENV: "development" },
  cacheDir: join(out, "../.parcel-cache"),
  hmrOptions: null,
  defaultTargetOptions: { distDir: out, sourceMaps: true, outputFormat: "esmodule", engines: { browsers: ["Chrome 94"] } },
});
await parcel.watch((error, event) => {
  if (error) throw error;
  console.log(event?.type === "buildSuccess" ? "built" : "failed");
});
