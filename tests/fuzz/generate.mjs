// Makes module graphs at random: a seed always gives the same files.
//
// A graph is a program that says what it does: `log(label, ...values)` records, and `later(label, function)` has a function called, and
// what it returns recorded, when the evaluation of the entry is over; `turn(value)` is a promise that is kept later, in the order of the
// calls. Programs whose meaning a bundler is free to change are not made, nor those that all bundlers change:
// - those that show positions, stacks, messages of errors that engines throw or, where `minify` is set, temporal dead zones;
// - those that count the turns of the event loop until something that they do not wait for has happened;
// - those that ask again for a part of what failed, or see what goes on beside it: a chunk fails as a whole;
// - those that compare the namespace of an entry, which is that of its script, with what other modules have of it;
// - those that have a name by `export *` from a CommonJS module and from another one. Node takes it for ambiguous if it sees both; bundlers
//   give the ES module's, because they do not agree with Node on what can be seen.
//
// Each line of a module is a statement of its own, so that a graph stays a graph when lines are removed.

import { posix } from "node:path";

/** What a graph may have, and how probable that is: graphs with few kinds of things find more than those with all. */
export const FEATURES = {
  arguments: 0.5, // objects of namespaces are passed on, looked into and written to
  await: 0.3, // top-level await
  classes: 0.5,
  commonjs: 0.5,
  copies: 0.3, // of what variables are, before they change
  cycles: 0.4,
  deadZones: 0.2, // uses before declarations
  defines: 0.3, // statements and expressions that `process.env.NODE_ENV`, which is defined, decides about
  dynamic: 0.5, // import()
  entries: 0.3, // several of them
  floating: 0.15, // with `dynamic`: an import() that nobody awaits
  hidden: 0.3, // names that the output needs itself: `Object`, `exports`, `__esm`
  identity: 0.1, // whether two ways to a namespace give one object
  json: 0.2,
  names: 0.06, // the names of functions and classes
  packages: 0.3, // without side effects
  pending: 0.03, // with `await` and `dynamic`: deadlocks
  require: 0.3, // with `commonjs`: of ES modules
  shared: 0.5, // chunks have modules in common
  siblings: 0.3, // with `await`: other modules may run while one awaits
  single: 0.3, // --no-splitting
  stars: 0.5,
  starsOfCommonjs: 0.1,
  strings: 0.2, // export names that are not identifiers
  this: 0.1, // what `this` is
  throws: 0.12, // at the top level
};

const NAMES = ["a", "b", "c", "value", "count", "name", "item", "make", "next"];
/** Names of exports that cannot be names of variables. */
const WORDS = ["class", "if", "function"];
const STRINGS = ["a b", "1", "x-y", "\u{1f600}"];
const HIDDEN = [
  "Object", "Promise", "Symbol", "WeakMap", "Reflect", "exports", "module", "require", "__commonJS", "__esm", "__toESM", "__namespace",
  "value$1", "value$2", "a$1", "undefined$1", "require_m1", "init_m1", "m1", "m1_exports", "import_m1", "of", "get", "_default",
  "default_1",
  "__filename", "process", "global", "NaN",
];
/** True and false in a bundle for which it is defined, and where it is set. */
const PRODUCTION = ['process.env.NODE_ENV === "production"', '"production" == process.env.NODE_ENV', "process.env.NODE_ENV"];
const DEVELOPMENT = ['process.env.NODE_ENV !== "production"', '"development" === process.env.NODE_ENV', "!process.env.NODE_ENV"];
const VALUES = ["1", "2", "\"text\"", "true", "null", "undefined", "`template`", "[1, 2].length", "3 + 4", "typeof missing"];

/** The graph of a seed: its files, its entries and the arguments it wants to be bundled with. */
export function generate(seed, { minify = false, split, without = [] } = {}) {
  const graph = new Graph(seed, minify, split, new Set(without));
  graph.plan();
  for (const module of graph.modules) graph.define(module);
  graph.link();
  for (const module of graph.modules) graph.write(module);
  const files = { "package.json": '{ "type": "module" }' };
  for (const name of new Set(graph.modules.map((module) => module.package).filter(Boolean))) {
    files[`node_modules/${name}/package.json`] = `{ "name": "${name}", "type": "module", "sideEffects": false }`;
  }
  for (const module of graph.modules) files[module.path] = module.lines.join("\n") + "\n";
  return { files, entries: graph.entries.map((module) => module.path), arguments: graph.arguments() };
}

/** Random choices, always the same for a seed. */
class Random {
  constructor(seed) {
    this.state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** A number from 0 to 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit) {
    return Math.floor(this.next() * limit);
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  some(list, probability) {
    return list.filter(() => this.chance(probability));
  }

  shuffled(list) {
    const rest = [...list];
    return list.map(() => rest.splice(this.below(rest.length), 1)[0]);
  }

  /** A key of an object whose values are weights. */
  weighted(weights) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    let left = this.next() * total;
    for (const [key, weight] of Object.entries(weights)) {
      left -= weight;
      if (left < 0) return key;
    }
  }
}

/** What a name stands for: its kind says how it can be used. */
const meaning = (kind, more = {}) => ({ kind, ...more });

class Graph {
  constructor(seed, minify, split, without) {
    const random = (this.random = new Random(seed));
    const drawn = new Set(Object.keys(FEATURES).filter((feature) => random.chance(FEATURES[feature]) && !without.has(feature)));
    if (split === true) {
      drawn.delete("single");
      drawn.add(random.pick(["entries", "dynamic"]));
    }
    if (split === false) drawn.add("single");
    this.has = (feature) => drawn.has(feature) && !without.has(feature);
    this.minify = minify;
    this.hasDeadZones = this.has("deadZones") && !minify;
    this.labels = 0;
    this.modules = [];
  }

  /** What Planish is told besides the entries. */
  arguments() {
    return [
      ...(this.single ? ["--no-splitting"] : []),
      ...(this.has("names") ? ["--keep-names"] : []),
      ...(this.has("defines") ? ["--define", 'process.env.NODE_ENV="production"'] : []),
    ];
  }

  // ---- plan: modules and edges ----

  plan() {
    const { random } = this;
    const count = 2 + random.below(random.chance(0.5) ? 4 : 8);
    for (let index = 0; index < count; index++) this.modules.push(this.module(index));
    for (const module of this.modules.slice(1)) this.connect(this.parent(module), module);
    for (let extra = random.below(count + 1); extra > 0; extra--) {
      const [from, to] = [random.pick(this.modules), random.pick(this.modules)];
      const back = to.index <= from.index;
      if (this.may(from, to) && (!back || this.has("cycles"))) this.connect(from, to, back);
    }
    this.calm();
    this.entries = [this.modules[0]];
    if (this.has("entries") && !this.has("throws")) {
      const others = this.modules.slice(1).filter((module) => module.kind === "esm" && !module.package);
      this.entries.push(...random.shuffled(others).slice(0, 1 + random.below(2)));
    }
    this.single = this.has("single") && this.entries.length === 1;
    if ((!this.has("shared") && !this.single) || this.has("throws")) this.part();
    this.floats = this.has("dynamic") && this.has("floating") && !this.modules.some((module) => module.awaits) ? 1 : 0;
  }

  module(index) {
    const { random } = this;
    const kind = index === 0 ? "esm" : random.weighted({
      esm: 6,
      commonjs: this.has("commonjs") ? 4 : 0,
      json: this.has("json") ? 1 : 0,
      package: this.has("packages") ? 3 : 0,
    });
    const extension = { commonjs: "cjs", json: "json" }[kind] ?? (random.chance(0.7) ? "mjs" : "js");
    const folder = kind === "package" ? `node_modules/p${random.below(2)}/` : random.chance(0.2) ? "lib/" : "";
    return {
      index,
      id: `m${index}`,
      path: index === 0 ? "main.mjs" : `${folder}m${index}.${extension}`,
      kind: kind === "package" ? "esm" : kind,
      package: kind === "package" ? folder.split("/")[1] : undefined,
      awaits: kind === "esm" && this.has("await") && random.chance(0.4),
      edges: [],
      exports: new Map(), // name -> meaning, or { from, name } of another module
      stars: [],
      taken: new Set(["log", "later", "turn", "globalThis", "String", "typeof"]),
      scope: [], // what statements can use: { text, meaning }
      definitions: [],
      lines: [],
    };
  }

  may(from, to) {
    return from.kind !== "json" && (!from.package || (to.package && to.index > from.index));
  }

  parent(module) {
    const candidates = this.modules.slice(0, module.index).filter((candidate) => this.may(candidate, module));
    return this.random.pick(candidates);
  }

  /** An edge is `static`, a `lazy` require(), an `import` in a function, or an import() that evaluation has to `await`. */
  connect(from, to, back = false) {
    const { random } = this;
    let kind = "static";
    if (!from.package && random.chance(0.3)) {
      if (from.awaits && this.has("dynamic") && !back && random.chance(0.6)) kind = "await";
      else if (this.has("dynamic") || (from.kind === "commonjs" && to.kind !== "esm")) kind = "lazy";
    }
    if (back && from.awaits && this.has("pending") && this.has("dynamic") && random.chance(0.5)) kind = "await";
    from.edges.push({ to, kind });
  }

  /** Makes edges lazy, or removes them, that Node does not allow. */
  calm() {
    const imported = new Set(this.modules.flatMap(({ edges }) => edges.filter(({ kind }) => kind === "static").map(({ to }) => to)));
    if (!this.has("siblings")) for (const module of imported) module.awaits = false;
    for (const module of this.modules) {
      for (const edge of module.edges) {
        if (edge.kind === "await" && (!module.awaits || this.has("siblings"))) edge.kind = "import";
        const requires = module.kind === "commonjs" && edge.to.kind === "esm" && edge.kind === "static";
        if (requires && (!this.has("require") || this.waits(edge.to) || this.reaches(edge.to, module))) edge.kind = "import";
        if (edge.kind === "await" && !this.has("pending") && this.reaches(edge.to, module)) edge.kind = "import";
        if (edge.kind === "lazy" && (module.kind === "esm" || edge.to.kind === "esm")) edge.kind = "import";
      }
      if (!this.has("dynamic")) module.edges = module.edges.filter((edge) => edge.kind !== "import");
    }
  }

  /** Removes lazy edges to what another chunk has too. */
  part() {
    const chunks = new Set(this.entries);
    for (const module of this.modules) {
      module.edges = module.edges.filter(({ to, kind }) => {
        if (kind === "static" || kind === "lazy") return true;
        if (chunks.has(to)) return !this.entries.includes(to);
        const isApart = [...chunks].every((chunk) => !this.modules.some((other) => this.isIn(chunk, other) && this.isIn(to, other)));
        if (isApart) chunks.add(to);
        return isApart;
      });
    }
  }

  /** Whether a chunk has a module, because its root imports that. */
  isIn(root, module, seen = new Set()) {
    if (root === module) return true;
    if (seen.has(root)) return false;
    seen.add(root);
    return root.edges.some(({ to, kind }) => (kind === "static" || kind === "lazy") && this.isIn(to, module, seen));
  }

  /** Whether a module is evaluated for another, or is that. */
  reaches(from, to, seen = new Set()) {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return from.edges.some((edge) => edge.kind !== "import" && this.reaches(edge.to, to, seen));
  }

  waits(module) {
    return this.modules.some((other) => other.awaits && this.reaches(module, other));
  }

  specifier(from, to) {
    if (to.package && from.package !== to.package) return `"${to.path.slice("node_modules/".length)}"`;
    const path = posix.relative(posix.dirname(from.path), to.path);
    return `"${path.startsWith(".") ? path : `./${path}`}"`;
  }

  // ---- define: what modules declare and export ----

  define(module) {
    const { random } = this;
    if (module.kind === "json") return void module.exports.set("default", meaning("object", { isData: true }));
    if (module.kind === "commonjs") return this.defineCommonJs(module);
    const templates = {
      value: 3, variable: 3, function: 4, arrow: 2, object: 2, enumeration: 1, generator: 1, pattern: 1, default: 3,
      class: this.has("classes") ? 3 : 0, effect: module.package ? 0 : 1,
    };
    for (let left = random.below(5); left > 0; left--) {
      const template = random.weighted(templates);
      if (template !== "default") module.definitions.push(this.declarations(module, template));
      else if (!module.exports.has("default")) module.definitions.push(this.defaultExport(module));
    }
  }

  /** Chooses names and kinds of what one template declares, and under which names that is exported, if it is. */
  declarations(module, template) {
    const { random } = this;
    const function_ = () => meaning("function", { isHoisted: true, isCalm: random.chance(0.4) });
    const kinds = {
      variable: () => [meaning("value"), meaning("function", { isHoisted: true })],
      pattern: () => [meaning("value"), meaning("value")],
      function: () => [function_()],
      arrow: () => [meaning("function")],
      generator: () => [meaning("generator", { isHoisted: true, isCalm: true })],
      effect: () => [meaning("value")],
    };
    const meanings = kinds[template]?.() ?? [meaning(template)];
    const declared = meanings.map((what) => ({ local: this.fresh(module), what, names: [] }));
    for (const one of declared) {
      const names = random.chance(0.75) ? [one.local] : [];
      if (random.chance(0.2)) names.push(random.pick([...NAMES, ...WORDS]));
      if (this.has("strings") && random.chance(0.3)) names.push(random.pick(STRINGS));
      if (random.chance(0.03)) names.push("default");
      one.names = [...new Set(names)].filter((name) => !module.exports.has(name));
      for (const name of one.names) module.exports.set(name, one.what);
    }
    return { template, declared };
  }

  defaultExport(module) {
    const { random } = this;
    const kind = random.weighted({ value: 2, object: 1, function: 3, arrow: 1, class: this.has("classes") ? 2 : 0 });
    const isCalm = random.chance(0.4);
    const what = { arrow: meaning("function"), function: meaning("function", { isHoisted: true, isCalm }) }[kind] ?? meaning(kind);
    const local = ["function", "class"].includes(kind) && random.chance(0.5) ? this.fresh(module) : undefined;
    module.exports.set("default", what);
    return { template: "default", kind, declared: [{ local, what, names: ["default"] }] };
  }

  defineCommonJs(module) {
    const { random } = this;
    const target = module.edges.find(({ to, kind }) => kind === "static" && to.kind === "commonjs" && to.index > module.index)?.to;
    module.shape = random.weighted({ properties: 5, object: 2, flagged: 2, function: 1, class: 1, primitive: 0.5, passed: target ? 1 : 0 });
    if (module.shape === "passed") return void (module.passed = target);
    module.exports.set("default", meaning("plain", { home: module }));
    if (module.shape === "primitive") return;
    for (const name of random.some(NAMES, 0.25).filter((name) => name !== "name")) {
      module.exports.set(name, meaning(random.pick(["value", "function"])));
    }
  }

  /** A name for the top level of a module. */
  fresh(module, wanted, isPlain = false) {
    const { random } = this;
    const isFree = wanted && /^[a-z]\w*$/i.test(wanted) && !WORDS.includes(wanted) && !module.taken.has(wanted);
    const isHidden = this.has("hidden") && !isPlain && module.kind === "esm" && random.chance(0.4);
    const pool = (isHidden ? HIDDEN : NAMES).filter((name) => !module.taken.has(name));
    const name = isFree ? wanted : pool.length ? random.pick(pool) : `${random.pick(NAMES)}${module.taken.size}`;
    module.taken.add(name);
    return name;
  }

  // ---- link: what modules pass on ----

  link() {
    const { random } = this;
    const links = this.modules.filter((module) => module.kind === "esm").flatMap((module) =>
      module.edges.filter(({ to, kind }) => kind === "static" && to.kind !== "json" && to !== module).map(({ to }) => ({ module, to })));
    for (const { module, to } of links) {
      const isStar = this.has("stars") && (to.kind === "esm" || this.has("starsOfCommonjs")) && random.chance(0.4);
      if (isStar && !module.stars.includes(to)) module.stars.push(to);
      if (random.chance(0.1)) this.passOn(module, random.pick(NAMES), { from: to });
    }
    for (const { module, to } of random.shuffled(links)) {
      for (const name of random.some([...this.exportNames(to)], 0.12)) {
        const as = random.chance(0.5) ? name : random.pick([...NAMES, "default"]);
        this.passOn(module, as, { from: to, name, isImported: random.chance(0.3) });
      }
    }
    for (const module of this.modules) module.stars = module.stars.filter((star) => !this.isDisputed(module, star));
    // A name that came to be ambiguous, or circular, is a syntax error where it is asked for; V8 forgets that when a star passes it on.
    for (let changed = true; changed; ) {
      changed = false;
      for (const module of this.modules) {
        const stars = module.stars.filter((star) => this.exportNames(star).size === this.offered(star).size);
        if (stars.length < module.stars.length) changed = true;
        module.stars = stars;
        for (const [name, given] of module.exports) {
          if (given.from && given.name && !this.resolve(given.from, given.name)) changed = module.exports.delete(name);
        }
      }
    }
  }

  /** Whether a star gives names that another one gives too, and a CommonJS module has to do with it. */
  isDisputed(module, star) {
    const others = module.stars.filter((other) => other !== star).flatMap((other) => [...this.offered(other)]);
    const names = [...this.offered(star)].filter((name) => name !== "default");
    const isCommonJs = this.modules.some((other) => other.kind === "commonjs" && this.reaches(module, other));
    return isCommonJs && names.some((name) => others.includes(name));
  }

  passOn(module, name, given) {
    if (!module.exports.has(name)) module.exports.set(name, given);
  }

  /** What a name that a module exports stands for, as ECMAScript resolves it; undefined if there is nothing, or more than one thing. */
  resolve(module, name, seen = new Set()) {
    if (module.passed) return this.resolve(module.passed, name, seen);
    const key = `${module.id} ${name}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    const given = module.exports.get(name);
    if (given?.from) return given.name ? this.resolve(given.from, given.name, seen) : this.namespace(given.from);
    if (given) return given;
    if (name === "default") return undefined;
    const found = new Set(module.stars.map((star) => this.resolve(star, name, seen)).filter(Boolean));
    return found.size === 1 ? [...found][0] : undefined;
  }

  namespace(module) {
    return (module.namespace ??= meaning("namespace", { home: module }));
  }

  exportNames(module) {
    return new Set([...this.offered(module)].filter((name) => this.resolve(module, name)));
  }

  /** The names that a module exports, with ambiguous ones. */
  offered(module, seen = new Set()) {
    if (module.passed) return this.offered(module.passed, seen);
    if (seen.has(module)) return new Set();
    seen.add(module);
    const others = module.stars.flatMap((star) => [...this.offered(star, seen)]).filter((name) => name !== "default");
    return new Set([...module.exports.keys(), ...others]);
  }

  // ---- write: the lines of an ES module ----

  write(module) {
    if (module.kind === "json") return void module.lines.push(this.json());
    if (module.kind === "commonjs") return this.writeCommonJs(module);
    const { random } = this;
    const { lines } = module;
    const effects = !module.package;
    const imports = module.edges.filter(({ kind }) => kind === "static").flatMap(({ to }) => this.imports(module, to));
    if (effects && random.chance(0.7)) lines.push(`log("${module.id}");`);
    for (const definition of module.definitions) {
      if (effects && random.chance(0.4)) this.statements(module, 1);
      if (effects && this.hasDeadZones && random.chance(0.1)) this.tooEarly(module, definition);
      this.definition(module, definition);
    }
    if (effects) {
      this.statements(module, random.below(5));
      for (const { to, kind } of module.edges) if (kind !== "static") this.dynamic(module, to, kind);
      if (module.index === 0) this.statements(module, 3);
      if (module.awaits) this.insert(module, this.awaiting(module));
      if (this.breaks(module)) this.insert(module, this.breaking(module));
    }
    // Imports are hoisted.
    lines.splice(random.chance(0.85) ? 0 : random.below(lines.length + 1), 0, ...random.shuffled(imports));
  }

  insert(module, line) {
    module.lines.splice(this.random.below(module.lines.length + 1), 0, line);
  }

  json() {
    const entries = ['"a": 1', '"b": [1, { "c": null }]', '"value": "text"', '"x-y": true', '"default": 5', '"class": {}'];
    return `{ ${this.random.some(entries, 0.6).join(", ")} }`;
  }

  /** The statements by which an ES module imports another; what they bring is put into its scope. */
  imports(module, to) {
    const { random } = this;
    const from = this.specifier(module, to);
    const isEarly = this.reaches(to, module);
    const bring = (what, wanted) => this.bring(module, what, isEarly, wanted);
    if (to.kind === "json") {
      const local = bring(meaning("object", { isData: true }));
      return [`import ${random.chance(0.8) ? local : `{ default as ${local} }`} from ${from} with { type: "json" };`];
    }
    const lines = module.stars.includes(to) ? [`export * from ${from};`] : [];
    for (const [name, given] of module.exports) {
      if (given.from !== to || given.isWritten) continue;
      given.isWritten = true;
      if (!given.name) lines.push(`export * as ${name} from ${from};`);
      else if (given.isImported) {
        const local = bring(this.resolve(to, given.name));
        lines.push(`import { ${renamed(given.name, local)} } from ${from};`, `export { ${renamed(local, name)} };`);
      } else lines.push(`export { ${renamed(given.name, name)} } from ${from};`);
    }
    const names = [...this.exportNames(to)];
    const others = names.filter((name) => name !== "default");
    const hasDefault = Number(names.includes("default"));
    const clause = {
      nothing: () => "",
      named: () => `{ ${random.some(others, 0.6).map((name) => renamed(name, bring(this.resolve(to, name), name))).join(", ")} } from `,
      default: () => `${bring(this.resolve(to, "default"))} from `,
      namespace: () => `* as ${bring(this.namespace(to), "ns")} from `,
      both: () => `${bring(this.resolve(to, "default"))}, ${clause.named()}`,
      defaultAndNamespace: () => `${bring(this.resolve(to, "default"))}, ${clause.namespace()}`,
    };
    const weights = { nothing: 1, named: others.length ? 6 : 0, default: 3 * hasDefault, namespace: 2 };
    const form = random.weighted({ ...weights, both: others.length ? hasDefault : 0, defaultAndNamespace: hasDefault / 2 });
    if (form !== "nothing" || lines.length === 0 || random.chance(0.1)) lines.push(`import ${clause[form]()}${from};`);
    return lines;
  }

  /** Takes a name for something, and puts it into the scope of a module. */
  bring(module, what, isEarly, wanted, isPlain) {
    const text = this.fresh(module, wanted, isPlain);
    module.scope.push({ text, what, isEarly });
    return text;
  }

  definition(module, { template, kind, declared }) {
    const { random, minify } = this;
    const [first, second] = declared;
    const local = first.local;
    this.touchesEarly = false;
    if (template === "default") {
      const name = local ? ` ${local}` : "";
      const text = {
        value: () => `${this.initial(module)};`,
        object: () => `${this.object(module)};`,
        arrow: () => `(x) => ${this.result(module)};`,
        function: () => `function${name}(x) { ${this.body(module, first.what.isCalm)} }`,
        class: () => `class${name} ${this.classBody(module, local)}`,
      }[kind]();
      module.lines.push(`export default ${text}`);
    } else {
      const text = {
        value: () => `const ${local} = ${this.initial(module)};`,
        variable: () => `${random.pick(["let", "let", minify ? "let" : "var"])} ${local} = ${random.below(10)};`,
        function: () => `function ${local}(x) { ${this.body(module, first.what.isCalm)} }`,
        arrow: () => `const ${local} = (x) => ${this.result(module)};`,
        object: () => `const ${local} = ${this.object(module)};`,
        enumeration: () => `var ${local}; (function (e) { e[e["A"] = 0] = "A"; e["B"] = "b"; })(${local} || (${local} = {}));`,
        generator: () => `function* ${local}(x) { yield x; yield* ["${module.id}"]; }`,
        pattern: () =>
          `const { ${local} = "default", b: [${second.local}] = [${this.default(module)}] } = ` +
          `{ ${random.pick(["", "b: [8], ", ...(local === "b" ? [] : [`${local}: 3, `])])}c: 1 };`,
        class: () => `class ${local} ${this.classBody(module, local)}`,
        effect: () => `const ${local} = (() => { log(${this.label(module)}); return 1; })();`,
      }[template]();
      this.declare(module, text, template === "pattern" ? declared : [first], template !== "enumeration");
      if (template === "variable") {
        const steps = [
          `return ${local} += x;`,
          `${local} = ${local} + x; return ${local};`,
          `return ++${local} + x;`,
          `[${local}] = [${local} + x]; return ${local};`,
          ...(this.has("copies") ? [
            `const y = ${local}; ${local} += x; return [y, ${local}].join();`,
            `for (${local} of [x, 2]) { const y = ${local}; later(${this.label(module)}, () => y); } return ${local};`,
            `${local} = x; const y = ${local}; if (x > 0) ${second.local}(x - 1); return [y, ${local}].join();`,
          ] : []),
        ];
        this.declare(module, `function ${second.local}(x) { ${random.pick(steps)} }`, [second], true);
        const changes = [`${local}++;`, `${local} = ${local} + 1;`, `for (${local} of [1, 7]);`, `({ a: ${local} } = { a: 5 });`];
        if (!module.package && random.chance(0.3)) module.lines.push(random.pick(changes));
      }
    }
    for (const one of declared) {
      one.what.touchesEarly = this.touchesEarly;
      if (one.local) module.scope.push({ text: one.local, what: one.what, isEarly: this.touchesEarly });
    }
  }

  /** A declaration, exported at its head if its names allow that, or else by a list. */
  declare(module, text, declared, mayLead) {
    const { random } = this;
    const isLed = mayLead && declared.every((one) => one.names.includes(one.local)) && random.chance(0.75);
    const unled = (one) => one.names.filter((name) => !isLed || name !== one.local);
    const listed = declared.flatMap((one) => unled(one).map((name) => renamed(one.local, name)));
    module.lines.push(`${isLed ? "export " : ""}${text}`);
    if (listed.length) module.lines.splice(random.chance(0.3) ? 0 : module.lines.length, 0, `export { ${listed.join(", ")} };`);
  }

  /** A use of what a definition will declare. */
  tooEarly(module, { declared }) {
    const { local, what } = declared[0];
    if (local) module.lines.push(this.guarded(this.label(module), this.read({ text: local, what }, module)));
  }

  // ---- expressions ----

  label(module) {
    return `"${module.id}.${++this.labels}"`;
  }

  /** A global, even where the module has a name like it. */
  global(module, name) {
    return module.taken.has(name) ? `globalThis.${name}` : name;
  }

  /** What a constant starts with: nothing that may be too early. */
  initial(module) {
    const { random } = this;
    const usable = module.scope.filter((one) => !one.isEarly && (!module.package || one.what.kind === "value"));
    return usable.length && random.chance(0.5) ? this.read(random.pick(usable), module) : random.pick(VALUES);
  }

  /** The same for a default in a pattern. swc's minifier drops `f.call()` there if nobody uses what it is for. */
  default(module) {
    const value = this.initial(module);
    return this.minify && value.includes(".call(") ? "1" : value;
  }

  object(module) {
    const { random } = this;
    const getter = random.chance(0.4) ? `get b() { log(${this.label(module)}); return 2; }` : "b: 2";
    return `{ a: ${random.pick(VALUES)}, ${getter}, m() { return this.b; } }`;
  }

  classBody(module, local) {
    const { random } = this;
    const parts = [`static tag = "${module.id}";`];
    if (!module.package && random.chance(0.3)) parts.push(`static { log(${this.label(module)}, this.tag); }`);
    if (random.chance(0.3)) parts.push("#field = 1; field() { return this.#field; }");
    if (local && random.chance(0.3)) parts.push(`twin() { return typeof ${local}; }`);
    return `{ ${parts.join(" ")} get(x) { ${this.body(module)} } }`;
  }

  /** The body of a function of `x`: inner names hide outer ones. */
  body(module, isCalm) {
    const { random } = this;
    if (this.has("this") && module.kind === "esm" && random.chance(0.2)) return "return typeof this;";
    const result = this.result(module, isCalm);
    const words = new Set(result.match(/[\w$]+/g));
    const inner = random.pick([...NAMES, ...(this.has("hidden") ? HIDDEN : [])].filter((name) => !words.has(name)));
    if (inner !== "process" && this.isDecided(module)) return this.decidedBody(module, inner, result);
    return random.pick([
      `return ${result};`,
      `return ${result};`,
      `const ${inner} = ${result}; return ${inner};`,
      `{ let ${inner} = x; ${inner}++; } return ${result};`,
      `log(${this.label(module)}, x); return ${result};`,
      `return ((${inner}) => [${inner}, ${result}].join("-"))(x);`,
      `for (const ${inner} of [x]) if (${inner} > 5) return ${inner}; return ${result};`,
    ]);
  }

  /** Whether code may depend on `process.env.NODE_ENV`. */
  mayBeDecided(module) {
    return this.has("defines") && !module.taken.has("process");
  }

  /** Whether what comes next does. */
  isDecided(module) {
    return this.mayBeDecided(module) && this.random.chance(0.4);
  }

  /** The body of a function of `x` of which a part never runs, with names that only this part has, or that it shares with the rest. */
  decidedBody(module, inner, result) {
    const { random } = this;
    const label = this.label(module);
    const [always, never] = [random.pick(PRODUCTION), random.pick(DEVELOPMENT)];
    // What the module declares may not be there yet.
    const isNothing = !module.taken.has(inner);
    return random.pick([
      `if (${always}) return ${result}; return "unused";`,
      `if (${never}) { const ${inner} = ${result}; log(${label}, ${inner}); } return ${result};`,
      ...(isNothing ? [
        `if (${never}) { try { ${inner}(); } catch (${inner}) { return ${inner}; } } return typeof ${inner};`,
        `if (${never}) { function ${inner}() { return 1; } } return ((${inner}) => ${result})(typeof ${inner});`,
      ] : []),
      `if (${never}) var ${inner} = 1; return [typeof ${inner}, ${result}].join();`,
      `if (${never}) for (var ${inner} of [1]) log(${inner}); ${inner} = 2; return [${inner}, ${result}].join();`,
      `try { if (${always}) throw x; } catch (${inner}) { return [${inner}, ${result}].join(); }`,
      `${inner}: for (;;) { if (${always}) break ${inner}; else { log(${label}); continue ${inner}; } } return ${result};`,
      `switch (process.env.NODE_ENV) { case "test": let ${inner} = 1; return ${inner}; default: return ${result}; }`,
      `const ${inner} = ${never} ? 1 : ${result}; return ${inner};`,
      `{ class ${inner} { static { if (${never}) { var ${inner}_; log(${inner}); } } } } return (${always}) && ${result};`,
    ]);
  }

  /** The same for statements of the top level. */
  decided(module, label, value) {
    const { random } = this;
    const [always, never] = [random.pick(PRODUCTION), random.pick(DEVELOPMENT)];
    const inner = random.pick(NAMES.filter((name) => !value.includes(name))) ?? "inner";
    const top = this.fresh(module, undefined, true);
    return random.pick([
      `if (${always}) log(${label}, ${value}); else log(${label});`,
      `if (${never}) { log(${label}, ${value}); } else if (${always}) { log(${label}); }`,
      `if (${never}) { const ${inner} = ${value}; log(${label}, ${inner}); }`,
      `if (${never}) { var ${top} = ${value}; } log(${label}, typeof ${top});`,
      `if (${never}) { try { log(); } catch (${top}) { var ${top} = 1; } } else log(${label}, typeof ${top});`,
      `{ if (${never}) { function ${inner}() { return ${value}; } log(${inner}()); } log(${label}, ${value}); }`,
      `log(${label}, ${never} ? ${value} : "no");`,
      `log(${label}, (${always}) && ${value});`,
      `(${never}) || log(${label}, ${value});`,
      `for (const ${inner} of (${always}) ? [1] : [${value}]) log(${label}, ${inner});`,
      `while (${never}) { log(${label}, ${value}); break; }`,
      `log(${label}, process.env.NODE_ENV, ${value});`,
      `var ${top} = (() => { if (${never}) { return ${value}; } return 5; })(); log(${label}, ${top});`,
      `if (${never}) { class ${top} { static { log(${label}, ${value}); } } log(${top}); } else log(${label}, typeof ${top});`,
    ]);
  }

  /** What a function of `x` gives; calls end because `x` falls. */
  result(module, isCalm = false) {
    const { random } = this;
    const usable = isCalm ? [] : module.scope;
    const plain = random.pick(["x + 1", "`${x}`", `"${module.id}" + x`, "[x].length"]);
    if (!usable.length || random.chance(0.25)) return plain;
    const one = random.pick(usable);
    if (one.isEarly) this.touchesEarly = true;
    return `x > 0 ? ${this.read(one, module, "x - 1")} : ${plain}`;
  }

  /** An expression that uses what is in scope. */
  read({ text, what }, module, argument = String(this.random.below(3))) {
    const { random } = this;
    const object = this.global(module, "Object");
    const name = this.has("names") ? [`${text}.name`] : [];
    const call = `${text}(${argument})`;
    const ways = {
      value: [text, text, `typeof ${text}`, `\`\${${text}}\``, `[${text}].length`],
      effect: [text],
      any: [text],
      function: [call, call, `(0, ${text})(${argument})`, `${text}?.(${argument})`, `${text}.call(null, ${argument})`, `typeof ${text}`, ...name],
      class: [`new ${text}().get(${argument})`, `new (class extends ${text} {})().get(${argument})`, `${text}.tag`, `typeof ${text}`, ...name],
      object: [`${text}.a`, `${text}.b`, `${text}["a"]`, what.isData ? `typeof ${text}.b` : `${text}.m()`],
      enumeration: [`${text}.A`, `${text}[0]`, `${text}["B"]`, `${object}.keys(${text}).length`],
      generator: [`[...${call}].join()`],
    };
    if (what.kind === "plain") return this.readCommonJs(text, what.home, argument);
    if (what.kind === "namespace") return this.readNamespace(text, what.home, module, argument);
    return random.pick(ways[what.kind]);
  }

  readCommonJs(text, home, argument) {
    const { random } = this;
    const names = [...this.exportNames(home)].filter((name) => home.kind === "esm" || name !== "default");
    if (!names.length || random.chance(0.2)) return `typeof ${text}`;
    const name = random.pick(names);
    const member = /^\w+$/.test(name) && !/^\d/.test(name) ? `${text}?.${name}` : `${text}?.["${name}"]`;
    const isFunction = this.resolve(home, name).kind === "function";
    return isFunction && random.chance(0.5) ? `${member}?.(${argument})` : `typeof ${member}`;
  }

  readNamespace(text, home, module, argument) {
    const { random } = this;
    const object = this.global(module, "Object");
    const names = [...this.exportNames(home)];
    const isData = home.kind === "json";
    const isCommonJs = this.modules.some((other) => other.kind === "commonjs" && this.reaches(home, other));
    const own = isCommonJs ? `.filter((key) => key !== "__esModule").sort()` : "";
    const name = names.length && random.chance(0.9) ? random.pick(names) : "absent";
    const isIdentifier = /^[a-z]\w*$/i.test(name);
    const computed = `[["${name}"].join()]`;
    const members = [`${text}["${name}"]`, `${text}${computed}`, ...(isIdentifier ? [`${text}.${name}`, `${text}.${name}`] : [])];
    const whole = this.has("arguments") && !isData ? [
      `((ns) => ${object}.keys(ns)${own}.join())(${text})`,
      `${object}.keys({ ...${text} })${own}.join()`,
      `(({ ${name === "absent" ? "absent" : `"${name}": first`}, ...rest }) => ${object}.keys(rest)${own}.join())(${text})`,
    ] : [];
    if (whole.length && !isCommonJs) {
      whole.push(`${object}.prototype.toString.call(${text})`, `typeof ${text}.toString`, `${object}.isExtensible(${text})`);
      // Only strict code sees that it cannot write.
      const writes = `(() => { try { ${text}${computed} = 1; return "written"; } catch (error) { return error.name; } })()`;
      if (!this.minify && module.kind === "esm") whole.push(writes);
    }
    const what = this.resolve(home, name);
    if (what && random.chance(0.4)) return this.read({ text: random.pick(members), what }, module, argument);
    if (isData) return `typeof ${text}.default`;
    return random.pick([
      `${object}.keys(${text})${own}.join()`,
      `"${name}" in ${text}`,
      `"missing" in ${text}`,
      ...members.map((member) => `typeof ${member}`),
      ...whole,
    ]);
  }

  // ---- statements ----

  statements(module, count) {
    for (let left = count; left > 0; left--) {
      const line = this.statement(module);
      if (line) module.lines.push(line);
    }
  }

  /** A statement that records something; undefined if what was chosen must not be used. */
  statement(module) {
    const { random } = this;
    const label = this.label(module);
    if (!module.scope.length || random.chance(0.12)) {
      const isThis = this.has("this") ? ["typeof this"] : [];
      return `log(${label}, ${random.pick([...VALUES, "typeof missing", ...isThis])});`;
    }
    const one = random.pick(module.scope);
    const { text, what } = one;
    const value = this.read(one, module);
    if (random.chance(0.15)) return one.isEarly && !this.hasDeadZones ? undefined : `later(${label}, () => ${value});`;
    if (one.isEarly && !(what.isCalm && what.isHoisted)) {
      return this.hasDeadZones ? this.guarded(label, value) : undefined;
    }
    if (one.isEarly && this.minify && value.includes(".call(")) return undefined;
    if (this.isDecided(module)) return this.decided(module, label, value);
    if (this.has("copies") && random.chance(0.3)) return this.copying(module, label);
    const inner = random.pick(NAMES.filter((name) => !value.includes(name)));
    return random.pick([
      `log(${label}, ${value});`,
      `log(${label}, ${value});`,
      `log(${label}, ${value});`,
      ...(inner ? [`{ const ${inner} = ${value}; log(${label}, ${inner}); }`] : []),
      ...(/^[\w$]+$/.test(text) ? [`log(${label}, { ${text} });`] : []),
      `(({ q = ${value} }) => log(${label}, q))({});`,
    ]);
  }

  /** A statement that keeps what a variable is, which changes after that. */
  copying(module, label) {
    const { random } = this;
    const top = this.fresh(module, undefined, true);
    const usable = (kind) => module.scope.filter(({ what, isEarly }) => what.kind === kind && !isEarly).map(({ text }) => text);
    const [values, functions] = [usable("value"), usable("function")];
    const forms = [
      `for (var ${top} of [1, 2]) { const y = ${top}; later(${label}, () => y); }`,
      `for (var ${top} in { p: 1, q: 2 }) later(${label}, ((y) => () => y)(${top}));`,
      `var ${top}; for (${top} of [1, 2]) { const y = { ${top} }; later(${label}, () => y.${top}); }`,
      `let ${top}; { let i = 0; while (i < 2) { ${top} = i++; const y = ${top}; later(${label}, () => [y, ${top}].join()); } }`,
      `let ${top} = class { y() { return 1; } }; { class Y extends ${random.pick([top, `(() => ${top})()`])} {} ${top} = null; later(${label}, () => new Y().y()); }`,
    ];
    if (values.length && functions.length) {
      const [value, call] = [random.pick(values), `${random.pick(functions)}(1)`];
      const keys = `${this.global(module, "Reflect")}.ownKeys`;
      forms.push(
        `{ const y = ${value}; log(${label}, ${call}); log(${label}, y, ${value}); }`,
        `const ${top} = ((y) => () => y)(${value}); log(${label}, ${call}, ${top}(), ${value});`,
        `later(${label}, () => { const y = ${value}; ${call}; return [y, ${value}].join(); });`,
        `{ class Y { static y = ${value}; } log(${label}, ${call}); log(${label}, Y.y, ${value}); }`,
        `{ const Y = class { [${value}]() {} }; log(${label}, ${call}); log(${label}, ${keys}(Y.prototype).join(), ${value}); }`,
        `class ${top} { static y = [${value}]; } log(${label}, ${call}); later(${label}, () => ${top}.y[0]);`,
      );
    }
    return random.pick(forms);
  }

  guarded(label, value) {
    return `try { log(${label}, ${value}); } catch (error) { log(${label}, error.name); }`;
  }

  breaks(module) {
    const goesOn = this.has("siblings") && this.modules.some((other) => other.awaits);
    const asksAgain = (other) => other.edges.some(({ to, kind }) => kind === "lazy" && this.reaches(to, module));
    return this.has("throws") && !goesOn && !this.modules.some(asksAgain) && module.index > 0 && this.random.chance(0.35) && !(this.minify && this.isInCycle(module));
  }

  isInCycle(module) {
    return module.edges.some(({ to, kind }) => kind !== "import" && this.reaches(to, module));
  }

  breaking(module) {
    const conditions = ["", 'if (typeof log === "function") ', ...(this.mayBeDecided(module) ? [`if (${this.random.pick(PRODUCTION)}) `] : [])];
    return `${this.random.pick(conditions)}throw new Error("${module.id} broke");`;
  }

  awaiting(module) {
    const { random } = this;
    const label = this.label(module);
    const promise = this.global(module, "Promise");
    if (this.has("siblings")) {
      return random.pick([
        `await turn(); log(${label});`,
        `log(${label}, await turn(1));`,
        `log(${label}); await turn();`,
        `for await (const y of [turn(1), turn(2)]) log(${label}, y);`,
      ]);
    }
    return random.pick([
      `await null; log(${label});`,
      `log(${label}, await ${promise}.resolve(1));`,
      `log(${label}); await turn();`,
      `for await (const y of [1, ${promise}.resolve(2)]) log(${label}, y);`,
    ]);
  }

  /** Statements for an import(): in a function that is called later, or at once, and then awaited or not. */
  dynamic(module, to, kind) {
    const { random } = this;
    const { lines } = module;
    const label = this.label(module);
    const load = `import(${this.specifier(module, to)}${to.kind === "json" ? ', { with: { type: "json" } }' : ""})`;
    const value = this.readNamespace("ns", to, module);
    if (kind === "lazy") {
      const value = this.readCommonJs("loaded", to, 1);
      const text = `(() => { const loaded = require(${this.specifier(module, to)}); return ${value}; })`;
      return void lines.push(random.chance(0.5) ? `later(${label}, ${text});` : `log(${label}, ${text}());`);
    }
    if (kind === "await") {
      const local = this.fresh(module, undefined, true);
      return void lines.push(random.pick([
        `const ${local} = await ${load}; log(${label}, typeof ${local});`,
        `log(${label}, await ${load}.then((ns) => ${value}));`,
        `try { await ${load}; } catch (error) { log(${label}, error); }`,
        `try { const ns = await ${load}; log(${label}, ${value}); } catch (error) { log(${label}, error); }`,
      ]));
    }
    if (this.floats > 0) {
      this.floats--;
      return void lines.push(`${load}.then((ns) => log(${label}, ${value}), (error) => log(${label}, error));`);
    }
    const forms = [
      `later(${label}, async () => { const ns = await ${load}; return ${value}; });`,
      `later(${label}, () => ${load}.then((ns) => ${value}));`,
      `later(${label}, async () => { for (const time of [1, 2]) try { await ${load}; } catch (error) { log(${label}, error); } });`,
    ];
    if (to.kind === "esm") forms.push(`later(${label}, () => ${load});`);
    if (this.has("identity")) {
      forms.push(`later(${label}, async () => (await ${load}) === (await ${load}));`);
      const isEntry = this.entries.includes(to);
      const same = module.scope.find(({ what }) => !isEntry && what.kind === "namespace" && what.home === to);
      if (same) forms.push(`later(${label}, async () => (await ${load}) === ${same.text});`);
    }
    lines.push(random.pick(forms));
  }

  // ---- write: the lines of a CommonJS module ----

  writeCommonJs(module) {
    const { random } = this;
    const { lines } = module;
    const requires = module.edges.filter(({ kind }) => kind === "static").map(({ to }) => to);
    if (random.chance(0.3)) lines.push('"use strict";');
    if (random.chance(0.8)) lines.push(`log("${module.id}");`);
    const place = random.below(requires.length + 1);
    for (let index = 0; index <= requires.length; index++) {
      if (index === place) this.commonJsExports(module);
      if (requires[index] && requires[index] !== module.passed) this.requires(module, requires[index]);
    }
    this.statements(module, random.below(4));
    for (const { to, kind } of module.edges) if (kind !== "static") this.dynamic(module, to, kind);
    if (this.has("this") && random.chance(0.5)) lines.push(`log(${this.label(module)}, this === exports, typeof module, typeof require);`);
    if (this.breaks(module)) lines.push(this.breaking(module));
  }

  requires(module, to) {
    const { random } = this;
    const { lines } = module;
    const label = this.label(module);
    const call = `require(${this.specifier(module, to)})`;
    const names = to.kind === "json" ? [] : [...this.exportNames(to)].filter((name) => /^[a-z]$/.test(name));
    const bring = () => this.bring(module, meaning("plain", { home: to }), false);
    const forms = [
      () => `const ${bring()} = ${call};`,
      () => `const ${bring()} = ${call};`,
      () => `var ${bring()} = ${call};`,
      () => `${call};`,
      () => `if (typeof log === "function") ${call};`,
      () => `try { ${call}; } catch (error) { log(${label}, error); }`,
      () => `log(${label}, ${call} === ${call});`,
      () => `log(${label}, typeof ${call});`,
    ];
    const patterns = () => names.map((name) => `${name}: ${this.bring(module, meaning("any"), false)}`);
    if (this.isDecided(module)) {
      const [always, never] = [random.pick(PRODUCTION), random.pick(DEVELOPMENT)];
      forms.push(
        () => `if (${never}) ${call}; else log(${label});`,
        () => `if (${never}) { log(${label}); } else { ${call}; }`,
        () => `const ${bring()} = (${always}) ? ${call} : {};`,
        () => `if (${never}) { const unused = ${call}; log(unused); }`,
      );
    }
    if (names.length && to.shape !== "primitive") forms.push(() => `const { ${patterns().join(", ")} } = ${call};`);
    lines.push(random.pick(forms)());
  }

  commonJsExports(module) {
    const { random } = this;
    const { lines, shape } = module;
    if (shape === "passed") return void lines.push(`module.exports = require(${this.specifier(module, module.passed)});`);
    const names = [...module.exports.keys()].filter((name) => name !== "default");
    const value = (name) => module.exports.get(name).kind === "function" ? `function (x) { ${this.body(module)} }` : random.pick(VALUES);
    const whole = {
      function: () => `module.exports = function (x) { ${this.body(module)} };`,
      class: () => `module.exports = class { get(x) { ${this.body(module)} } };`,
      primitive: () => `module.exports = ${random.pick(VALUES)};`,
      flagged: () => random.pick([
        'Object.defineProperty(exports, "__esModule", { value: true });',
        "exports.__esModule = true;",
      ]),
    };
    if (shape === "object") {
      const locals = names.map((name) => {
        const local = this.fresh(module, name);
        lines.push(`const ${local} = ${value(name)};`);
        return local === name ? name : `${name}: ${local}`;
      });
      return void lines.push(`module.exports = { ${locals.join(", ")} };`);
    }
    if (whole[shape]) lines.push(whole[shape]());
    if (shape === "primitive") return;
    const target = shape === "properties" || shape === "flagged" ? random.pick(["exports", "module.exports"]) : "module.exports";
    for (const name of names) lines.push(`${target}.${name} = ${value(name)};`);
    if (shape === "flagged" && random.chance(0.7)) lines.push(`exports.default = ${random.pick(VALUES)};`);
  }
}

/** `name as other`, for import and export lists: strings are quoted. */
function renamed(name, other) {
  const quoted = (name) => (STRINGS.includes(name) ? `"${name}"` : name);
  return name === other ? quoted(name) : `${quoted(name)} as ${quoted(other)}`;
}
