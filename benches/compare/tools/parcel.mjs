// usage: parcel.mjs ENTRY OUT [app|library] [CACHE]
import { Parcel } from "@parcel/core";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [entry, out, purpose, cache] = process.argv.slice(2);

const parcel = new Parcel({
  entries: [resolve(entry)],
  defaultConfig: createRequire(import.meta.url).resolve("@parcel/config-default"),
  mode: "production",
  env: { NODE_ENV: "production" },
  shouldDisableCache: !cache,
  cacheDir: cache || join(out, "../.parcel-cache"),
  defaultTargetOptions: {
    distDir: out,
    shouldOptimize: true,
    shouldScopeHoist: true,
    sourceMaps: true,
    outputFormat: "esmodule",
    isLibrary: purpose === "library",
    engines: { browsers: ["Chrome 94", "Firefox 93", "Safari 16.4"] },
  },
});
await parcel.run();
process.exit();
