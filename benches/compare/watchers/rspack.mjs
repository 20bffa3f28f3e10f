// usage: rspack.mjs ENTRY OUT
import { rspack } from "@rspack/core";
import { application } from "../rspack-application.mjs";

const [entry, out] = process.argv.slice(2);

const compiler = rspack({ mode: "development", ...application(entry, out) });
compiler.watch({ aggregateTimeout: 5 }, (error, stats) => {
  if (error) throw error;
  console.log(stats.hasErrors() ? "failed" : "built");
});
