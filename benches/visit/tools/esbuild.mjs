// usage: esbuild.mjs ENTRY OUT
import { build } from "esbuild";
import { relative } from "node:path";
import { writePage } from "../page.mjs";

const [entry, outdir] = process.argv.slice(2);

const { metafile } = await build({
  entryPoints: [entry],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "none",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".svg": "file" },
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  metafile: true,
  logLevel: "error",
});
const [[script, { cssBundle }]] = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint === entry);
writePage(outdir, [script], cssBundle ? [cssBundle] : [], (path) => relative(outdir, path));
