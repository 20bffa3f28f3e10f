//! What stands for an `import()` of another chunk.

use super::Instructor;
use crate::cross::gives_namespace;
use crate::runtime::Helper;
use crate::tables::Module;
use crate::words::quoted;
use planish_pipeline::chunk::{Ahead, ChunkIdx};
use planish_pipeline::graph::AssetIdx;
use planish_pipeline::output::OutputId;
use planish_pipeline::resolve::Platform;

impl Instructor<'_> {
    /// A promise of a lazy chunk, as an expression.
    pub(super) fn dynamic_import(&mut self, user: &Module, target: AssetIdx) -> String {
        let Some(chunk) = self.context.plan.root_chunk(target) else { return NOTHING.to_owned() };
        let load = self.import(user, target, chunk);
        let files = self.files_of(chunk);
        if files.is_empty() {
            return load;
        }
        let places: Vec<String> = files.into_iter().map(|file| self.ahead(file).to_string()).collect();
        format!("{}([{}], () => {load})", self.preload(), places.join(", "))
    }

    /// The place of a file in the list of those that are loaded ahead: most are so by more than one `import()`.
    fn ahead(&mut self, file: OutputId) -> usize {
        self.ahead.iter().position(|known| *known == file).unwrap_or_else(|| {
            self.ahead.push(file);
            self.ahead.len() - 1
        })
    }

    /// A helper's declaration.
    pub(super) fn declaration(&mut self, helper: Helper, name: &str) -> String {
        let text = helper.text(name);
        if helper != Helper::Preload {
            return text;
        }
        let ahead = std::mem::take(&mut self.ahead);
        let names = ahead.iter().filter_map(|file| self.lazy_name(file)).map(|name| quoted(&name));
        let names: Vec<String> = names.collect();
        let url = self.url_of(&format!("{name}_files[file]"));
        text.replace("FILES", &names.join(", ")).replace("URL_OF_FILE", &url)
    }

    fn import(&mut self, user: &Module, target: AssetIdx, chunk: ChunkIdx) -> String {
        let plan = self.context.plan;
        let Some(script) = &plan.chunk(chunk).script else { return NOTHING.to_owned() };
        let import = format!("import({})", self.lazy_specifier(script));
        let is_entry = plan.chunk(chunk).is_entry;
        match self.tables.get(target) {
            Some(module) if module.is_commonjs => {
                let evaluate = if is_entry { "() => module.default" } else { "module.default" };
                format!("{import}.then((module) => {})", self.as_esm(evaluate, user.node))
            }
            Some(_) if gives_namespace(self.tables, plan.chunk(chunk)) => {
                format!("{import}.then((module) => module.default)")
            }
            _ => import,
        }
    }

    /// Only browsers have to be asked for scripts ahead.
    fn files_of(&self, chunk: ChunkIdx) -> Vec<OutputId> {
        let Ahead { mut styles, scripts } = self.context.plan.ahead(self.idx, chunk);
        if self.options.platform == Platform::Browser {
            styles.extend(scripts);
        }
        styles
    }
}

const NOTHING: &str = "Promise.resolve({})";
