// The sources of an application with two large component libraries: 40 lazy routes, each of which uses other components.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How many lazy routes there are, `#0` and so on. */
export const ROUTES = 40;
const MUI = ["Button", "Card", "Chip", "Dialog", "Grid", "List", "ListItem", "Paper", "Slider", "Stack", "Switch", "Tab", "Tabs", "TextField", "Tooltip", "Typography", "Accordion", "Autocomplete", "Avatar", "Badge"];
const ANTD = ["Alert", "Calendar", "Carousel", "Cascader", "Collapse", "DatePicker", "Descriptions", "Drawer", "Form", "Input", "Menu", "Modal", "Pagination", "Progress", "Rate", "Select", "Steps", "Table", "Tag", "Timeline"];

/** Writes them below a folder; the entry is `src/main.jsx`. */
export function generateSuite(folder) {
  mkdirSync(join(folder, "src/routes"), { recursive: true });
  const write = (path, text) => writeFileSync(join(folder, "src", path), text);
  for (let at = 0; at < ROUTES; at++) {
    write(`routes/Route${at}.jsx`, route(at));
    write(`routes/route${at}.css`, `.route${at} { padding: ${at}px; color: rgb(${at}, 20, 30) }\n`);
  }
  write("Layout.jsx", layout());
  write("useRoute.js", hook());
  write("main.jsx", main());
}

const some = (list, at, count) => Array.from({ length: count }, (_, step) => list[(at * 3 + step * 7) % list.length]);

function route(at) {
  const [mui, antd] = [[...new Set(some(MUI, at, 5))], [...new Set(some(ANTD, at, 5))]];
  return `import { ${mui.map((name) => `${name} as Mui${name}`).join(", ")} } from "@mui/material";
import { ${antd.join(", ")} } from "antd";
import { useState } from "react";
import "./route${at}.css";

const rows = Array.from({ length: ${at + 3} }, (_, key) => ({ key, name: \`row \${key} of ${at}\`, total: key * ${at + 1} }));

export default function Route${at}() {
  const [count, setCount] = useState(${at});
  return (
    <section className="route${at}" onClick={() => setCount(count + 1)}>
      <h2>Route ${at}: {count} of {rows.length}</h2>
${mui.map((name) => `      <Mui${name} label="${name}" />`).join("\n")}
${antd.map((name) => `      <${name} title="${name}" />`).join("\n")}
      <ul>{rows.map((row) => <li key={row.key}>{row.name}: {row.total}</li>)}</ul>
    </section>
  );
}
`;
}

const layout = () => `import { AppBar, Toolbar, Link } from "@mui/material";
import { ConfigProvider, Layout as Frame } from "antd";

export function Layout({ children }) {
  const links = Array.from({ length: ${ROUTES} }, (_, at) => <Link key={at} href={"#" + at}>{at}</Link>);
  return (
    <ConfigProvider>
      <AppBar><Toolbar>{links}</Toolbar></AppBar>
      <Frame.Content>{children}</Frame.Content>
    </ConfigProvider>
  );
}
`;

const hook = () => `import { useEffect, useState } from "react";

export function useRoute() {
  const read = () => Number(location.hash.slice(1)) || 0;
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const change = () => setRoute(read());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return route;
}
`;

function main() {
  const routes = Array.from({ length: ROUTES }, (_, at) => `  lazy(() => import("./routes/Route${at}.jsx")),`);
  return `import { lazy, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { Layout } from "./Layout.jsx";
import { useRoute } from "./useRoute.js";

const routes = [
${routes.join("\n")}
];

function App() {
  const Route = routes[useRoute()] ?? routes[0];
  return <Layout><Suspense fallback={null}><Route /></Suspense></Layout>;
}

createRoot(document.getElementById("root")).render(<App />);
`;
}
