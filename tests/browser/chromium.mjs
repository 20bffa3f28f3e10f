// Starts the Chromium that the distribution installed, by the playwright-core of tests/setup.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../setup/package.json", import.meta.url));

export async function launch() {
  const executablePath = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find((path) => existsSync(path));
  if (!executablePath) throw new Error("there is no Chromium; run `tests/run --setup`");
  const { chromium } = require("playwright-core");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
