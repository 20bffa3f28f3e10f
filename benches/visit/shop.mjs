// The shop of the fixtures with 40 lazy routes, and the edits after which a visitor comes back.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const grown = 36;

/** Each changes one line of one file. Where there are several of a kind, their mean counts. */
export const kinds = [
  { name: "one route", edits: [{ file: "src/pages/Room07Page.tsx", old: "Room 07", new: "Room No. 7" }] },
  { name: "the entry", edits: [{ file: "src/main.tsx", old: "no place for the shop", new: "no room for the shop" }] },
  { name: "a shared module", edits: [{ file: "src/parts/Panel.tsx", old: "panel-title", new: "panel-heading" }] },
  {
    name: "a package",
    edits: [
      { file: "node_modules/react/cjs/react.production.js", old: "takes an object of state", new: "wants an object of state" },
      { file: "node_modules/react-dom/cjs/react-dom-client.production.js", old: "https://react.dev/errors/", new: "https://react.dev/error/" },
      { file: "node_modules/date-fns/format.js", old: "Invalid time value", new: "Invalid time" },
      { file: "node_modules/lodash-es/memoize.js", old: "Expected a function", new: "Expected some function" },
    ],
  },
];

/** Adds routes to a copy of the shop, which has four lazy ones. Each has a text of its own, and every third a stylesheet. */
export function grow(folder) {
  const names = Array.from({ length: grown }, (_, at) => String(at + 1).padStart(2, "0"));
  for (const name of names) {
    writeFileSync(join(folder, `src/pages/Room${name}Page.tsx`), page(name));
    if (Number(name) % 3 === 0) writeFileSync(join(folder, `src/styles/room${name}.css`), style(name));
  }
  writeFileSync(join(folder, "src/parts/Panel.tsx"), panel);
  replace(join(folder, "src/routing/route.ts"), '"about"] as const', `"about", ${names.map((name) => `"room${name}"`).join(", ")}] as const`);
  const lazy = names.map((name) => `  room${name}: lazy(() => import("./pages/Room${name}Page")),\n`);
  replace(join(folder, "src/App.tsx"), "};\n\nexport function App", `${lazy.join("")}};\n\nexport function App`);
}

/** Replaces a text that occurs once. */
export function replace(path, old, new_) {
  const text = readFileSync(path, "utf8");
  if (text.split(old).length !== 2) throw new Error(`${path} does not have ${old} once`);
  writeFileSync(path, text.replace(old, () => new_));
}

function page(name) {
  const words = wordsOf(Number(name));
  const sentence = (length) => `${words(length)}.`;
  const paragraphs = Array.from({ length: 6 }, () => `        <p>${sentence(24)}</p>`).join("\n");
  const facts = Array.from({ length: 8 }, () => `  { name: "${words(2)}", plants: ${words.number(30)}, light: "${words(1)}" },`).join("\n");
  return `import { format, addDays } from "date-fns";
import { sumBy, sortBy } from "lodash-es";
import { useState } from "react";
import { Panel } from "../parts/Panel";
import { Price } from "../parts/Price";
import { usePageMark } from "../routing/route";
${Number(name) % 3 === 0 ? `import "../styles/room${name}.css";\n` : ""}
const corners = [
${facts}
];

export default function Room${name}Page() {
  usePageMark("room${name}");
  const [open, setOpen] = useState(false);
  return (
    <Panel title="Room ${name}">
      <div className="room${name}">
${paragraphs}
        <button onClick={() => setOpen(!open)}>{open ? "${words(3)}" : "${words(3)}"}</button>
        {open && sortBy(corners, "plants").map(({ name, light }) => <li key={name}>{name}: {light}</li>)}
        <Price cents={sumBy(corners, "plants") * ${100 + words.number(900)}} /> until {format(addDays(new Date(), ${words.number(60)}), "d MMMM")}
      </div>
    </Panel>
  );
}
`;
}

const panel = `import { capitalize } from "lodash-es";
import type { ReactNode } from "react";

export function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel">
      <h1 className="panel-title">{capitalize(title)}</h1>
      {children}
    </section>
  );
}
`;

function style(name) {
  const number = wordsOf(Number(name) + 100).number;
  const rules = ["p", "button", "li"].map(
    (element) => `.room${name} ${element} {\n  margin: ${number(40)}px;\n  color: rgb(${number(255)} ${number(255)} ${number(255)});\n}\n`,
  );
  return rules.join("\n");
}

const vocabulary = (
  "fern moss sill window light shade water root leaf stem pot soil glass morning evening north south quiet narrow tall early late slow " +
  "green copper clay gravel spray mist draught warm cold dry wet often seldom never always under above beside behind between"
).split(" ");

/** Words by chance, always the same for a number. */
function wordsOf(seed) {
  let state = seed * 2654435761;
  const number = (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return (state >>> 8) % below;
  };
  const words = (count) => Array.from({ length: count }, () => vocabulary[number(vocabulary.length)]).join(" ");
  return Object.assign(words, { number });
}
