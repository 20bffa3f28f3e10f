//! How the code of a chunk names the files of others; see [`planish_pipeline::chunk::Lookup`].

use super::Instructor;
use crate::runtime::Helper;
use crate::words::quoted;
use planish_pipeline::chunk::{ChunkIdx, Lookup};
use planish_pipeline::output::OutputId;

impl Instructor<'_> {
    /// What stands after `from`, without quotes.
    pub(super) fn specifier(&mut self, script: &OutputId) -> Option<String> {
        match self.chunk.lookup {
            Lookup::Map => self.key(script),
            Lookup::Url | Lookup::Table => self.relative(script),
        }
    }

    /// What is imported lazily, as an expression.
    pub(super) fn lazy_specifier(&mut self, script: &OutputId) -> String {
        let name = quoted(&self.lazy_name(script).unwrap_or_default());
        match self.chunk.lookup {
            Lookup::Url | Lookup::Map => name,
            Lookup::Table => format!("{}({name})", self.helper(Helper::Find)),
        }
    }

    /// A URL, or a key.
    pub(super) fn lazy_name(&mut self, file: &OutputId) -> Option<String> {
        match self.chunk.lookup {
            Lookup::Url => self.relative(file),
            Lookup::Map | Lookup::Table => self.key(file),
        }
    }

    /// The helper that loads files ahead, with the one that it needs itself.
    pub(super) fn preload(&mut self) -> String {
        if self.chunk.lookup == Lookup::Table {
            self.helper(Helper::Find);
        }
        self.helper(Helper::Preload)
    }

    /// The URL of what an expression names so.
    pub(super) fn url_of(&mut self, name: &str) -> String {
        match self.chunk.lookup {
            Lookup::Url => format!("new URL({name}, import.meta.url).href"),
            Lookup::Map => format!("import.meta.resolve({name})"),
            Lookup::Table => format!("{}({name})", self.helper(Helper::Find)),
        }
    }

    fn key(&self, file: &OutputId) -> Option<String> {
        self.context.plan.keys.get(file).cloned()
    }

    /// The statement that fills the table of an entry. Tables are told apart by their folders, so that a page may hold several builds.
    pub(super) fn table(&mut self, entry: ChunkIdx) -> String {
        let context = self.context;
        let files = context.plan.looked_up(&[entry], Lookup::Table);
        let file = |(key, file): (&str, &OutputId)| Some(format!("{}: {}", quoted(key), quoted(&self.relative(file)?)));
        let files: Vec<String> = files.into_iter().filter_map(file).collect();
        format!(
            "Object.assign((globalThis[Symbol.for(\"planish files\")] ||= {{}})[new URL(\".\", import.meta.url)] ||= {{}}, {{ {} }});",
            files.join(", ")
        )
    }
}
