//! Helpers that rendered code calls. A chunk has its own copy of what it needs, but for what a chunk has that is loaded before it (see
//! [`crate::cross`]).

use serde::Serialize;

/// A helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Helper {
    /// `(evaluate) => () => module.exports`: evaluates a CommonJS module once; a failed evaluation is tried again, as in Node.
    CommonJs,
    /// `(evaluate) => () => result`: evaluates an ES module once; a failure is remembered, as ECMAScript asks.
    Esm,
    /// `(begin, evaluate, awaits) => () => module`: the same for one that waits, as ECMAScript's `InnerModuleEvaluation` and
    /// `AsyncModuleExecutionFulfilled` have it. `begin` evaluates what it imports and gives what of that it waits for; `evaluate` runs its
    /// code, which `awaits` itself or does not. The module is a promise; nothing is given for one that has been evaluated.
    EsmAsync,
    /// `(exports, open) => namespace`: a namespace object from getters; an open one gets more later.
    Namespace,
    /// `(namespace, module)`: `export *` from a module whose exports are known only when it runs.
    ReExport,
    /// `(evaluate, node) => namespace`: a CommonJS module's exports as ES modules see them, always the same object. Those of a module that
    /// was an ES module are their own namespace, as compilers to CommonJS have it, but for modules that Node takes for ES modules.
    ToEsm,
    /// `(namespace) => exports`: an ES module's namespace as `require` gives it.
    ToCommonJs,
    /// `(key) => url`: looks a file up in the table of the entry.
    Find,
    /// `(files, load) => promise`: loads a lazy chunk after its stylesheets, and asks for its scripts at the same time. What cannot be
    /// loaded ahead fails nothing. `files` are places in the list that stands for `FILES`, and
    /// `URL_OF_FILE` stands for the URL of one of them.
    Preload,
    /// `(value, name) => value`: gives a function or class the name that it has in the sources.
    Name,
    /// `require` of what is not bundled, where there is none.
    Require,
    /// `require` of what is not bundled, in an ES module for Node.
    NodeRequire,
}

impl Helper {
    /// The name it has if that is free.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CommonJs => "__commonJS",
            Self::Esm => "__esm",
            Self::EsmAsync => "__esmAsync",
            Self::Namespace => "__namespace",
            Self::ReExport => "__reExport",
            Self::ToEsm => "__toESM",
            Self::ToCommonJs => "__toCommonJS",
            Self::Find => "__find",
            Self::Preload => "__preload",
            Self::Name => "__name",
            Self::Require | Self::NodeRequire => "__require",
        }
    }

    /// Its declaration under a name.
    pub(crate) fn text(self, name: &str) -> String {
        let text = match self {
            Self::CommonJs => {
                "var NAME = (evaluate) => {
  var module;
  return () => {
    if (!module) {
      var done, current = module = { exports: {} };
      try {
        evaluate.call(current.exports, current.exports, current);
        done = true;
      } finally {
        if (!done) module = void 0;
      }
    }
    return module.exports;
  };
};"
            }
            Self::Esm => {
                "var NAME = (evaluate) => {
  var state = 0, result;
  return () => {
    if (!state) {
      state = 1;
      try {
        result = evaluate();
      } catch (error) {
        state = 2;
        result = error;
      }
    }
    if (state > 1) throw result;
    return result;
  };
};"
            }
            Self::EsmAsync => {
                "var NAME_clock = globalThis[Symbol.for(\"planish\")] ||= { count: 0 }, NAME = (begin, evaluate, awaits) => {
  var module, end, reject, pending = 1;
  var fail = (error) => {
    if (module.ended) return;
    module.ended = module.failed = true;
    reject(module.error = error);
    for (var other of module.waiting) other.fail(error);
  };
  var finish = (value) => {
    module.ended = true;
    end(value);
  };
  var run = () => {
    try {
      var result = evaluate();
      if (awaits) result.then(release, fail);
      else finish();
    } catch (error) {
      fail(error);
    }
  };
  var release = () => {
    var ready = [];
    finish();
    module.release(ready);
    for (var other of ready.sort((a, b) => a.order - b.order)) other.ended || other.run();
  };
  return () => {
    if (!module) {
      module = Object.assign(new Promise((...both) => [end, reject] = both), {
        waiting: [],
        fail,
        run,
        release: (ready) => {
          for (var other of module.waiting) other.ended || other.arrive(ready);
        },
        arrive: (ready) => {
          if (--pending) return;
          ready.push(module);
          if (!awaits) module.release(ready);
        }
      });
      module.catch(() => {});
      try {
        for (var other of begin())
          if (other && other.order && !other.ended) {
            other.waiting.push(module);
            pending++;
          }
      } catch (error) {
        fail(error);
      }
      if (!module.ended) {
        if (awaits || pending > 1) module.order = ++NAME_clock.count;
        if (!--pending) run();
      }
    }
    if (module.failed) throw module.error;
    if (!module.ended) return module;
  };
};"
            }
            Self::Namespace => {
                "var NAME = (exports, open) => {
  var namespace = Object.create(null, { [Symbol.toStringTag]: { value: \"Module\" } });
  for (var name in exports) Object.defineProperty(namespace, name, { get: exports[name], enumerable: true });
  return open ? namespace : Object.freeze(namespace);
};"
            }
            Self::ReExport => {
                "var NAME = (namespace, module) => {
  if (module && (typeof module === \"object\" || typeof module === \"function\"))
    for (let name of Object.getOwnPropertyNames(module))
      if (name !== \"default\" && name !== \"__esModule\" && !Object.prototype.hasOwnProperty.call(namespace, name))
        Object.defineProperty(namespace, name, {
          get: () => module[name],
          enumerable: Object.prototype.propertyIsEnumerable.call(module, name)
        });
};"
            }
            Self::ToEsm => {
                "var NAME = (evaluate, node) => {
  var module = evaluate(), namespace = evaluate.namespace;
  if (!node && module && module.__esModule) return module;
  if (!namespace || namespace.default !== module) {
    evaluate.namespace = namespace = module != null ? Object.create(Object.getPrototypeOf(module)) : {};
    Object.defineProperty(namespace, \"default\", { value: module, enumerable: true });
  }
  if (module && (typeof module === \"object\" || typeof module === \"function\"))
    for (let name of Object.getOwnPropertyNames(module))
      if (!Object.prototype.hasOwnProperty.call(namespace, name))
        Object.defineProperty(namespace, name, {
          get: () => module[name],
          enumerable: Object.prototype.propertyIsEnumerable.call(module, name)
        });
  return namespace;
};"
            }
            Self::ToCommonJs => {
                "var NAME_made = /* @__PURE__ */ new WeakMap(), NAME = (namespace) => {
  var exports = NAME_made.get(namespace);
  if (exports) return exports;
  NAME_made.set(namespace, exports = Object.defineProperty({}, \"__esModule\", { value: true }));
  for (let name of Object.getOwnPropertyNames(namespace))
    if (name !== \"__esModule\") Object.defineProperty(exports, name, { get: () => namespace[name], enumerable: true });
  return exports;
};"
            }
            Self::Find => {
                "var NAME = (key) => new URL(globalThis[Symbol.for(\"planish files\")][new URL(\".\", import.meta.url)][key], import.meta.url).href;"
            }
            Self::Preload => {
                "var NAME_files = [FILES], NAME = (files, load) => typeof document === \"undefined\" ? load() : Promise.all(files.map((file) => {
  var href = URL_OF_FILE, rel = href.endsWith(\".css\") ? \"stylesheet\" : \"modulepreload\";
  var link = [...document.querySelectorAll(\"link\")].find((link) => link.rel === rel && link.href === href);
  if (!link) {
    link = document.createElement(\"link\");
    Object.assign(link, { rel, crossOrigin: \"\", href });
    link.ready = rel === \"stylesheet\" && new Promise((done) => link.onload = link.onerror = done);
    document.head.append(link);
  }
  return link.ready;
})).then(load);"
            }
            Self::Name => {
                "var NAME = (value, name) => Object.defineProperty(value, \"name\", { value: name, configurable: true });"
            }
            Self::Require => {
                "var NAME = typeof require === \"function\" ? require : (name) => {
  throw new Error(`Dynamic require of \"${name}\" is not supported`);
};"
            }
            Self::NodeRequire => {
                "import { createRequire as NAME_create } from \"node:module\";
var NAME = /* @__PURE__ */ NAME_create(import.meta.url);"
            }
        };
        text.replace("NAME", name)
    }
}
