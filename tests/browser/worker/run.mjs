// Runs scenarios with a browser and the releases of a site:
//
//   node run.mjs FILE SCENARIO FOLDER...

import { visit } from "./visit.mjs";

const [file, name, ...releases] = process.argv.slice(2);
const scenarios = await import(`./${file}.mjs`);
await visit(releases, scenarios[name]);
