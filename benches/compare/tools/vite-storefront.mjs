// usage: vite-storefront.mjs OUT [CACHE]. The whole site in the current folder, with plugins for what Planish does by itself.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { constants } from "node:zlib";
import { build } from "vite";
import { compression, defineAlgorithm } from "vite-plugin-compression2";
import { imagetools } from "vite-imagetools";
import { VitePWA } from "vite-plugin-pwa";

const [outDir, cache] = process.argv.slice(2);
const root = process.cwd();

/** The pages' module of Planish's service worker, made of the plugin's. */
const serviceWorkerModule = {
  name: "service-worker-module",
  enforce: "pre",
  resolveId: (id) => (id === "virtual:planish/sw" ? "\0sw" : null),
  load: (id) =>
    id === "\0sw"
      ? 'import { registerSW } from "virtual:pwa-register";\nexport const register = registerSW;\nexport const apply = () => {};\nexport const check = () => {};\n'
      : null,
};

await build({
  root,
  configFile: false,
  envDir: false,
  logLevel: "error",
  mode: "production",
  build: {
    outDir,
    emptyOutDir: false,
    sourcemap: true,
    manifest: true,
    reportCompressedSize: false,
    rolldownOptions: { input: readdirSync(root).filter((name) => name.endsWith(".html")).map((name) => resolve(name)) },
  },
  plugins: [
    serviceWorkerModule,
    imagetools({ cache: cache ? { enabled: true, dir: cache } : { enabled: false } }),
    VitePWA({
      injectRegister: false,
      manifest: false,
      workbox: { globPatterns: ["**/*.{js,css,html,wasm,woff2,svg}"], navigateFallback: "index.html" },
    }),
    compression({
      threshold: 1024,
      include: /\.(html|js|mjs|css|json|svg|txt|xml|map|webmanifest)$/,
      algorithms: [
        defineAlgorithm("gzip", { level: 9 }),
        defineAlgorithm("brotliCompress", { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
      ],
    }),
  ],
});
