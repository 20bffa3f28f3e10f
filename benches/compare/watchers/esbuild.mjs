// usage: esbuild.mjs ENTRY OUT. Rebuilds for each line of its input: what it costs to notice a change is left out.
import { createInterface } from "node:readline";
import { context } from "esbuild";

const [entry, outdir] = process.argv.slice(2);

const build = await context({
  entryPoints: [entry],
  bundle: true,
  splitting: true,
  format: "esm",
  sourcemap: true,
  target: "es2022",
  jsx: "automatic",
  outdir,
  logLevel: "error",
  define: { "process.env.NODE_ENV": '"development"' },
  loader: { ".svg": "file" },
});
await build.rebuild();
console.log("built");
for await (const _ of createInterface({ input: process.stdin })) {
  await build.rebuild();
  console.log("built");
}
