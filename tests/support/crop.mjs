// Cuts every JPEG of a folder down to its middle, so that tests of builds need not wait for the encoding of photographs.
//
//   node crop.mjs FOLDER WIDTH HEIGHT

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const jpeg = createRequire(new URL("../setup/package.json", import.meta.url))("jpeg-js");

const [folder, width, height] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
for (const name of readdirSync(folder).filter((name) => name.endsWith(".jpg"))) {
  const file = join(folder, name);
  writeFileSync(file, jpeg.encode(middle(jpeg.decode(readFileSync(file))), 80).data);
}

function middle(photo) {
  const rows = Array.from({ length: height }, (_, row) => {
    const start = ((row + ((photo.height - height) >> 1)) * photo.width + ((photo.width - width) >> 1)) * 4;
    return photo.data.subarray(start, start + width * 4);
  });
  return { width, height, data: Buffer.concat(rows) };
}
