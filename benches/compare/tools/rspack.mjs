// usage: rspack.mjs ENTRY OUT [app|library] [CACHE]
import { rspack } from "@rspack/core";
import { resolve } from "node:path";

const [entry, out, purpose, cache] = process.argv.slice(2);

const compiler = rspack({
  mode: "production",
  target: ["web", "es2022"],
  context: process.cwd(),
  entry: { main: resolve(entry) },
  devtool: "source-map",
  cache: cache ? { type: "persistent", storage: { type: "filesystem", directory: cache } } : false,
  performance: false,
  output: { path: out, filename: "[name].js", module: true, ...(purpose === "library" && { library: { type: "modern-module" } }) },
  resolve: { extensions: [".tsx", ".ts", ".jsx", ".js", ".json"] },
  module: {
    rules: [
      {
        test: /\.[jt]sx?$/,
        exclude: /node_modules/,
        loader: "builtin:swc-loader",
        type: "javascript/auto",
        options: {
          detectSyntax: "auto",
          jsc: { target: "es2022", transform: { react: { runtime: "automatic" } } },
        },
      },
      { test: /\.css$/, type: "css/auto" },
      { test: /\.(svg|png|jpg|webp|woff2)$/, type: "asset/resource" },
    ],
  },
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
