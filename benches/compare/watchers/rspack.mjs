// usage: rspack.mjs ENTRY OUT
import { rspack } from "@rspack/core";
import { resolve } from "node:path";

const [entry, out] = process.argv.slice(2);

const compiler = rspack({
  mode: "development",
  target: ["web", "es2022"],
  context: process.cwd(),
  entry: { main: resolve(entry) },
  devtool: "source-map",
  performance: false,
  output: { path: out, filename: "[name].js", module: true },
  resolve: { extensions: [".tsx", ".ts", ".jsx", ".js", ".json"] },
  module: {
    rules: [
      {
        test: /\.[jt]sx?$/,
        exclude: /node_modules/,
        loader: "builtin:swc-loader",
        type: "javascript/auto",
        options: { detectSyntax: "auto", jsc: { target: "es2022", transform: { react: { runtime: "automatic" } } } },
      },
      { test: /\.css$/, type: "css/auto" },
      { test: /\.svg$/, type: "asset/resource" },
    ],
  },
});
compiler.watch({ aggregateTimeout: 5 }, (error, stats) => {
  if (error) throw error;
  console.log(stats.hasErrors() ? "failed" : "built");
});
