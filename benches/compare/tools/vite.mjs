// usage: vite.mjs ENTRY OUT
import { build } from "vite";

const [input, outDir] = process.argv.slice(2);

await build({
  root: process.cwd(),
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: "error",
  mode: "production",
  build: {
    outDir,
    emptyOutDir: false,
    target: "es2022",
    sourcemap: true,
    reportCompressedSize: false,
    rolldownOptions: {
      input,
      // An entry that is not a page keeps its exports.
      preserveEntrySignatures: "exports-only",
      output: { format: "es", comments: false, entryFileNames: "[name].js" },
    },
  },
});
