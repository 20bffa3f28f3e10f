// Makes a graph that differs smaller, as long as it still differs in the same way.

/** Removes entries, files, lines and parts of lines by trial. `compare` says whether a graph differs. */
export async function shrink(graph, compare) {
  const { verdict, kind } = await compare(graph);
  if (verdict !== "different") return graph;
  let best = graph;
  const tryOut = async (candidate) => {
    // Who swallows errors cannot tell a difference from nonsense.
    if (Object.values(candidate.files).some((text) => text.includes("catch (error) {}"))) return false;
    const result = await compare(candidate);
    const isGood = result.verdict === "different" && result.kind === kind;
    if (isGood) best = candidate;
    return isGood;
  };
  for (let before; before !== size(best); ) {
    before = size(best);
    for (const entry of best.entries.slice(1)) await tryOut({ ...best, entries: best.entries.filter((other) => other !== entry) });
    const sources = Object.keys(best.files).filter((path) => !path.endsWith("package.json"));
    for (const path of sources) await tryOut(withoutFile(best, path));
    for (const path of sources.filter((path) => path in best.files)) {
      const lines = () => best.files[path]?.split("\n") ?? [];
      for (let length = lines().length; length >= 1; length = Math.floor(length / 2)) {
        for (let at = lines().length - length; at >= 0; at -= length) {
          const rest = lines();
          rest.splice(at, length);
          await tryOut({ ...best, files: { ...best.files, [path]: rest.join("\n") } });
        }
      }
      for (const part of PARTS) {
        for (let number = [...best.files[path].matchAll(part)].length - 1; number >= 0; number--) {
          const text = best.files[path];
          const match = [...text.matchAll(part)][number];
          if (!match) continue;
          const rest = text.slice(0, match.index) + (match[1] ?? "") + text.slice(match.index + match[0].length);
          await tryOut({ ...best, files: { ...best.files, [path]: rest } });
        }
      }
    }
  }
  return best;
}

/** What may be left out of a line; a group is what stays. */
const PARTS = [
  /[^,{}()[\]]+, /g, // an item
  /, [^,{}()[\]]+/g, // the last item
  /export (?=let|const|var|class|function)/g,
  /[^;{}]*; ?/g, // a statement
  /try \{ (.*?) \} catch \(\w+\) \{.*\}/g,
  /x > 0 \? (.*?) : .*?(?=[;,])/g,
  /static \{.*?\} /g,
];

function withoutFile(graph, path) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const rest = Object.entries(graph.files).filter(([other]) => other !== path);
  const files = rest.map(([other, text]) => [other, text.split("\n").filter((line) => !line.includes(`/${name}"`)).join("\n")]);
  return { ...graph, files: Object.fromEntries(files), entries: graph.entries.filter((entry) => entry !== path) };
}

function size(graph) {
  return graph.entries.length + Object.values(graph.files).reduce((sum, text) => sum + text.length, 0);
}
