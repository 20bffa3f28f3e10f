//! What stands for an `import()` of another chunk.

use super::Instructor;
use crate::cross::gives_namespace;
use crate::runtime::Helper;
use crate::tables::Module;
use crate::words::quoted;
use planish_pipeline::chunk::ChunkIdx;
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
        format!("{}([{}], () => {load})", self.helper(Helper::Preload), places.join(", "))
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
        let ahead = std::mem::take(&mut self.ahead);
        let urls: Vec<String> = ahead.iter().filter_map(|file| self.relative(file)).map(|url| quoted(&url)).collect();
        self.ahead = ahead;
        helper.text(name).replace("FILES", &urls.join(", "))
    }

    fn import(&mut self, user: &Module, target: AssetIdx, chunk: ChunkIdx) -> String {
        let plan = self.context.plan;
        let Some(script) = &plan.chunk(chunk).script else { return NOTHING.to_owned() };
        let specifier = self.relative(script).unwrap_or_default();
        let import = format!("import({})", quoted(&specifier));
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

    /// The files that a lazy chunk needs beyond those that are here already: its stylesheets, then the scripts that a browser would find only
    /// once it has read the chunk's own. That one is asked for at once, unless stylesheets come first.
    fn files_of(&self, chunk: ChunkIdx) -> Vec<OutputId> {
        let plan = self.context.plan;
        let here = plan.closure(self.idx);
        let is_new = |needed: &ChunkIdx| !here.contains(needed);
        let styles = plan.styled(chunk).into_iter().filter(is_new);
        let mut files: Vec<OutputId> = styles.filter_map(|styled| plan.chunk(styled).style.clone()).collect();
        if self.options.platform == Platform::Browser {
            let waits = !files.is_empty();
            let scripts = plan.closure(chunk).into_iter().filter(is_new).filter(|needed| waits || *needed != chunk);
            files.extend(scripts.filter_map(|needed| plan.chunk(needed).script.clone()));
        }
        files
    }
}

const NOTHING: &str = "Promise.resolve({})";
