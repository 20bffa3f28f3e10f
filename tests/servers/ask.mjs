// Asks a server for several things and prints the answers as they come over the wire, as a list of { status, headers, bytes }.
//
//   node ask.mjs ORIGIN '[{ "path": "/", "headers": {} }]'
//
// `bytes` is hexadecimal. A header "If-None-Match": "ETAG" is filled with the ETag of the answer before.

import { request } from "node:http";

const [origin, questions] = process.argv.slice(2);
const answers = [];
for (const { path, headers } of JSON.parse(questions)) {
  if (headers["If-None-Match"] === "ETAG") headers["If-None-Match"] = answers.at(-1).headers.etag;
  answers.push(await ask(path, headers));
}
console.log(JSON.stringify(answers));

function ask(path, headers) {
  return new Promise((resolve, reject) => {
    const asked = request(origin + path, { headers, agent: false }, async (answer) => {
      const parts = await answer.toArray();
      resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts).toString("hex") });
    });
    asked.on("error", reject).end();
  });
}
