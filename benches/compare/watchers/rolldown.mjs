// usage: rolldown.mjs ENTRY OUT
import { watch } from "rolldown";

const [input, dir] = process.argv.slice(2);

const watcher = watch({
  input,
  platform: "browser",
  logLevel: "warn",
  transform: { target: "es2022", jsx: { runtime: "automatic" }, define: { "process.env.NODE_ENV": '"development"' } },
  moduleTypes: { ".css": "empty", ".svg": "asset" },
  output: { dir, format: "esm", sourcemap: true },
});
watcher.on("event", (event) => {
  if (event.code === "BUNDLE_END") event.result.close();
  if (event.code === "END") console.log("built");
});
