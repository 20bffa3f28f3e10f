// usage: rspack.mjs ENTRY OUT [app|library] [CACHE]
import { rspack } from "@rspack/core";
import { application } from "../rspack-application.mjs";

const [entry, out, purpose, cache] = process.argv.slice(2);

const options = application(entry, out);
const compiler = rspack({
  ...options,
  mode: "production",
  cache: cache ? { type: "persistent", storage: { type: "filesystem", directory: cache } } : false,
  output: { ...options.output, ...(purpose === "library" && { library: { type: "modern-module" } }) },
  optimization: {
    minimizer: [
      new rspack.SwcJsMinimizerRspackPlugin({
        extractComments: false,
        minimizerOptions: { ecma: 2022, module: true, format: { comments: false } },
      }),
      new rspack.LightningCssMinimizerRspackPlugin(),
    ],
  },
});

compiler.run((error, stats) => {
  if (error) throw error;
  if (stats.hasErrors()) {
    process.stderr.write(stats.toString({ preset: "errors-only" }) + "\n");
    process.exitCode = 1;
  }
  compiler.close(() => {});
});
