// usage: webpack.mjs ENTRY OUT
// The configuration of webpack's guide to caching: hashes of contents, a chunk for the runtime, one for packages.
import { EsbuildPlugin } from "esbuild-loader";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import webpack from "webpack";
import { writePage } from "../page.mjs";

const [entry, out] = process.argv.slice(2);
const require = createRequire(import.meta.url);

const compiler = webpack({
  mode: "production",
  target: ["web", "es2022"],
  context: process.cwd(),
  entry: { main: resolve(entry) },
  cache: false,
  performance: false,
  experiments: { css: true, outputModule: true },
  output: {
    path: out,
    module: true,
    publicPath: "/",
    filename: "[name].[contenthash].js",
    cssFilename: "[name].[contenthash].css",
    cssChunkFilename: "[name].[contenthash].css",
  },
  resolve: { extensions: [".tsx", ".ts", ".jsx", ".js", ".json"] },
  module: {
    rules: [
      { test: /\.tsx?$/, loader: require.resolve("esbuild-loader"), options: { target: "es2022", jsx: "automatic" } },
      { test: /\.svg$/, type: "asset/resource" },
    ],
  },
  optimization: {
    moduleIds: "deterministic",
    runtimeChunk: "single",
    splitChunks: { cacheGroups: { vendor: { test: /[\\/]node_modules[\\/]/, name: "vendors", chunks: "all" } } },
    minimizer: [new EsbuildPlugin({ target: "es2022", css: true, legalComments: "none" })],
  },
});

compiler.run((error, stats) => {
  if (error) throw error;
  if (stats.hasErrors()) {
    process.stderr.write(stats.toString({ preset: "errors-only" }) + "\n");
    process.exitCode = 1;
    return;
  }
  const names = stats.toJson({ all: false, entrypoints: true }).entrypoints.main.assets.map(({ name }) => name);
  const ending = (end) => names.filter((name) => name.endsWith(end));
  writePage(out, ending(".js"), ending(".css"));
  compiler.close(() => {});
});
