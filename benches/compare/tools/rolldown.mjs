// usage: rolldown.mjs ENTRY OUT
import { build } from "rolldown";

const [input, dir] = process.argv.slice(2);

await build({
  input,
  platform: "browser",
  logLevel: "warn",
  transform: { target: "es2022", jsx: { runtime: "automatic" }, define: { "process.env.NODE_ENV": '"production"' } },
  // Rolldown itself has no CSS: imports of it become empty modules.
  moduleTypes: { ".css": "empty", ".svg": "asset", ".png": "asset", ".jpg": "asset", ".webp": "asset", ".woff2": "asset" },
  output: { dir, format: "esm", minify: true, sourcemap: true, comments: false, entryFileNames: "[name].js" },
});
