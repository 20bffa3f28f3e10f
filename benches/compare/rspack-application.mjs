// How Rspack reads an application, whether it builds once or watches.

import { resolve } from "node:path";

export const application = (entry, out) => ({
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
      { test: /\.(svg|png|jpg|webp|woff2)$/, type: "asset/resource" },
    ],
  },
});
