// usage: vite.mjs ENTRY OUT
import { build } from "vite";

const [, outDir] = process.argv.slice(2);

await build({
  root: process.cwd(),
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: "error",
  mode: "production",
  build: { outDir, emptyOutDir: false, target: "es2022", reportCompressedSize: false },
});
