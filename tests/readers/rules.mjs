// Readers whose packages cannot be installed here, by their rules: what each of them looks up, in which order it writes tags.
// Prints { reader: tags } for an entry that has a name and a source.
//
//   node rules.mjs FOLDER NAME SOURCE

import { readFileSync } from "node:fs";

const [folder, name, source] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(`${folder}/${path}`, "utf8"));
const base = "/static/";
const style = (url) => `<link rel="stylesheet" href="${url}">`;
const script = (url) => `<script type="module" src="${url}"></script>`;
const preload = (url) => `<link rel="modulepreload" href="${url}">`;
const must = (value, what) => {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
};
const unique = (list) => [...new Set(list)];

const readers = {
  // Preloads and stylesheets of imports before those of the chunk; facts about a stylesheet are looked up by its file.
  laravel() {
    const manifest = read("laravel.json");
    const chunk = must(manifest[source], source);
    const bySheet = (file) => must(Object.values(manifest).find((record) => record.file === file)?.integrity, `integrity of ${file}`);
    const sheet = (file) => `<link rel="stylesheet" href="${base}${file}" integrity="${bySheet(file)}">`;
    const seen = [];
    const visit = (key) => {
      const record = must(manifest[key], key);
      for (const inner of record.imports ?? []) if (!seen.includes(inner)) seen.push(inner), visit(inner);
      return record;
    };
    visit(source);
    const records = [...seen.map((key) => manifest[key]), chunk];
    const sheets = unique(records.flatMap(({ css = [] }) => css));
    must(chunk.src, "src");
    return [...seen.map((key) => preload(base + manifest[key].file)), ...sheets.map(sheet), script(base + chunk.file)];
  },
  // `mix("x")` looks up "/x", and puts the folder's URL before what it finds.
  "laravel-mix"() {
    const manifest = read("mix-manifest.json");
    const url = (path) => base.slice(0, -1) + must(manifest[`/${path}`], path);
    return [...["base", "shared", "main"].map((sheet) => style(url(`assets/${sheet}.css`))), script(url(`assets/${name}.js`))];
  },
  // The entry's own stylesheets first, then those of its imports, each of which must be there.
  "vite-ruby"() {
    const manifest = read(".vite/manifest.json");
    const entry = must(manifest[source], source);
    const imports = (entry.imports ?? []).map((key) => must(manifest[key], key));
    const sheets = unique([entry, ...imports].flatMap(({ css = [] }) => css));
    return [script(base + entry.file), ...imports.map(({ file }) => preload(base + file)), ...sheets.map((sheet) => style(base + sheet))];
  },
  // Every value must be an object; the chunk is looked up again by its `src`; own stylesheets first.
  "olivere-vite"() {
    const manifest = read(".vite/manifest.json");
    if (Object.values(manifest).some((record) => typeof record !== "object" || Array.isArray(record))) throw new Error("no record");
    const entry = must(manifest[must(manifest[source].src, "src")], "src");
    const imports = (entry.imports ?? []).map((key) => must(manifest[key], key));
    const sheets = unique([...(entry.css ?? []), ...imports.flatMap(({ css = [] }) => css)]);
    return [...sheets.map((sheet) => style(base + sheet)), script(base + entry.file), ...imports.map(({ file }) => preload(base + file))];
  },
  // Whatever has the key `isEntry` is an entry; only its own stylesheets and direct imports.
  "vite-go"() {
    const manifest = read(".vite/manifest.json");
    const entries = Object.entries(manifest).filter(([, record]) => "isEntry" in record).map(([key]) => key);
    if (entries.join() !== "src/admin.js,src/bare.js,src/main.js,src/print.css") throw new Error(`entries are ${entries}`);
    const entry = manifest[source];
    return [
      ...(entry.css ?? []).map((sheet) => style(base + sheet)),
      ...(entry.imports ?? []).map((key) => preload(base + must(manifest[key], key).file)),
      script(base + entry.file),
    ];
  },
  pentatrion() {
    const manifest = read(".vite/entrypoints.json");
    for (const member of ["base", "entryPoints", "viteServer"]) must(manifest[member], member);
    const entry = must(manifest.entryPoints[name], name);
    const integrity = (url) => must(manifest.metadatas[url]?.hash, `hash of ${url}`);
    const sheet = (url) => `<link rel="stylesheet" href="${url}" integrity="${integrity(url)}">`;
    return [...entry.css.map(sheet), ...entry.preload.map(preload), ...entry.js.map(script)];
  },
  // The entry and what its list names, each looked up in the map.
  "asset-mapper"() {
    const map = read("asset-mapper/importmap.json");
    const wanted = [name, ...read(`asset-mapper/entrypoint.${name}.json`)].map((key) => must(map[key], key));
    const links = wanted.map(({ path, type }) => (type === "css" ? style(path) : preload(path)));
    return [...links, script(map[name].path)];
  },
  webpack() {
    const { entrypoints, assets } = read("webpack.json");
    const urls = must(entrypoints[name], name).imports.map((key) => must(assets[key], key).file);
    return urls.map((url) => (url.endsWith(".css") ? style(url) : script(url)));
  },
  propshaft() {
    const manifest = read(".manifest.json");
    const tag = (path, write) => {
      const { digested_path: file, integrity } = must(manifest[path], path);
      if (!/^sha384-/.test(integrity)) throw new Error(`integrity of ${path}`);
      return write(base + file);
    };
    return [...["base", "shared", "main"].map((sheet) => tag(`assets/${sheet}.css`, style)), tag(`assets/${name}.js`, script)];
  },
  phoenix() {
    const { version, latest, digests } = read("cache_manifest.json");
    if (version !== 1) throw new Error(`version ${version}`);
    const url = (path) => {
      const file = must(latest[path], path);
      if (must(digests[file], file).logical_path !== path) throw new Error(`logical path of ${file}`);
      return base + file;
    };
    return [...["base", "shared", "main"].map((sheet) => style(url(`assets/${sheet}.css`))), script(url(`assets/${name}.js`))];
  },
};

console.log(JSON.stringify(Object.fromEntries(Object.entries(readers).map(([reader, tags]) => [reader, tags().join("\n")]))));
