// usage: vite.mjs ENTRY OUT
import { build } from "vite";

const [input, outDir] = process.argv.slice(2);

const watcher = await build({
  root: process.cwd(),
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: "error",
  mode: "development",
  build: {
    outDir,
    emptyOutDir: false,
    target: "es2022",
    sourcemap: true,
    minify: false,
    reportCompressedSize: false,
    watch: {},
    rolldownOptions: { input, output: { format: "es" } },
  },
});
watcher.on("event", (event) => {
  if (event.code === "BUNDLE_END") event.result.close();
  if (event.code === "END") console.log("built");
});
