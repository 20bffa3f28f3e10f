//! Sources, assets and their dependencies: the nodes and edges of the graph before anything is linked.

use crate::key::Key;
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::Bytes;
use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The stable name of an asset: its path relative to the root with forward slashes, then `?query` if it was asked for with one.
///
/// Files outside the root begin with `../`. A code fragment inside another file (an inline module script) is named
/// `page.html?inline=0.js`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssetId(Arc<str>);

impl AssetId {
    /// An id from its text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path part, without the query.
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// The query, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.0.split_once('?').map(|(_, query)| query)
    }

    /// The last path segment without its last extension: `main` of `src/main.tsx`.
    pub fn stem(&self) -> &str {
        let name = self.path().rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
    }

    /// The lower-case extension that decides the asset's kind. A fragment's is that of its query: `js` of `page.html?inline=0.js`.
    pub fn extension(&self) -> String {
        let named = self.0.rsplit_once("?inline=").map_or(self.path(), |(_, query)| query);
        let name = named.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", &*self.0)
    }
}

/// Facts about the package that a file belongs to, read from the nearest `package.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFacts {
    /// `name`, for files under `node_modules`.
    pub name: Option<String>,
    /// `type`: `module`, `commonjs` or absent.
    pub module_type: Option<String>,
    /// `false` if the package's `sideEffects` says that evaluating this file alone does nothing.
    pub side_effects: bool,
    /// Whether the path has a `node_modules` segment.
    pub is_dependency: bool,
    /// What its `tsconfig.json` says.
    pub compiler: CompilerOptions,
}

/// The `compilerOptions` of the `tsconfig.json` that governs a script, as far as they change what the script means. Those of packages
/// do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompilerOptions {
    /// `experimentalDecorators`: decorators are those that TypeScript had before ECMAScript.
    pub experimental_decorators: bool,
    /// `emitDecoratorMetadata`: these decorators see the types.
    pub emit_decorator_metadata: bool,
    /// `useDefineForClassFields` is false, or `target` is older than fields: they are assigned, and those without a value are none.
    pub assigns_fields: bool,
    /// `verbatimModuleSyntax` or `preserveValueImports`: imports that nothing uses stay, unless they are marked as types.
    pub keeps_imports: bool,
    /// `importsNotUsedAsValues` is `preserve` or `error`: a module stays imported when nothing of it is.
    pub keeps_import_statements: bool,
    /// `jsx` is `react-jsx` or `react-jsxdev`, or else `react`.
    pub jsx_automatic: Option<bool>,
    /// `jsxImportSource`.
    pub jsx_import_source: Option<String>,
    /// `jsxFactory`.
    pub jsx_factory: Option<String>,
    /// `jsxFragmentFactory`.
    pub jsx_fragment: Option<String>,
}

/// One loaded file (or fragment of a file), ready to be transformed.
#[derive(Clone, Debug)]
pub struct Source {
    /// Stable name.
    pub id: AssetId,
    /// Where it lies on this machine. Never enters a key or an output.
    pub path: PathBuf,
    /// Its bytes.
    pub content: Content,
    /// Hash of the bytes.
    pub hash: Key,
    /// Its package.
    pub package: PackageFacts,
}

impl Source {
    /// The content as text, with a byte order mark left in place; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Bytes(_) => None,
        }
    }
}

/// The bytes of a source. Text is shared by all that is made of it, to the source map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// They are UTF-8.
    Text(Arc<str>),
    /// They are not.
    Bytes(Arc<[u8]>),
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text.into()),
            Err(error) => Self::Bytes(error.into_bytes().into()),
        }
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// How one asset asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DependencyKind {
    /// `import … from "x"`, `export … from "x"`.
    Import,
    /// `import("x")`: the target becomes the root of a chunk of its own.
    DynamicImport,
    /// `require("x")`.
    Require,
    /// CSS `@import "x"`.
    StyleImport,
    /// A file wanted for its URL: CSS `url()`, `<img src>`, `<link rel=icon>`, `new URL("x", import.meta.url)`.
    Url,
    /// A module script of a document: the target becomes the root of a chunk.
    Script,
    /// A stylesheet of a document: the target becomes the root of a chunk.
    Stylesheet,
    /// `new Worker(new URL("x", import.meta.url))`: the target becomes the root of a chunk.
    Worker,
    /// What the target would be in the output becomes a text in the asker: `import css from "./a.css?inline"`.
    Inline,
}

impl DependencyKind {
    /// Whether the target starts a chunk of its own.
    pub fn makes_root(self) -> bool {
        matches!(self, Self::DynamicImport | Self::Script | Self::Stylesheet | Self::Worker)
    }

    /// Whether the specifier is a URL reference (`a.png` means `./a.png`) and not a module specifier (`a` means a package).
    pub fn is_url(self) -> bool {
        matches!(self, Self::Url | Self::Script | Self::Stylesheet | Self::StyleImport | Self::Worker)
    }
}

/// Code that is no file: a fragment of another one, or made for the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    /// Its extension, which decides its kind: `js`, `css`.
    pub extension: String,
    /// Its text.
    pub text: String,
    /// Patterns of files, whose names follow the text, a line each: as they are seen from this file, sorted. A pattern begins with `./` or
    /// `../`, with `/` for the root, or with `**`; one after a `!` takes files away.
    pub files: Vec<String>,
}

/// One request of an asset for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// As written in the source; for a fragment, its ordinal within the file.
    pub specifier: String,
    /// How it is asked for.
    pub kind: DependencyKind,
    /// Byte range of the specifier in the source, for messages.
    pub range: Range<u32>,
    /// The import attribute `type`, if any.
    pub attribute: Option<String>,
    /// The code itself, if the target is a fragment of this file.
    pub fragment: Option<Fragment>,
    /// A target that is not found is only a warning, or nothing: `require` inside `try`.
    pub optional: bool,
}

impl Dependency {
    /// A plain request.
    pub fn new(specifier: impl Into<String>, kind: DependencyKind, range: Range<u32>) -> Self {
        Self { specifier: specifier.into(), kind, range, attribute: None, fragment: None, optional: false }
    }
}

/// A file that an asset of its own (an image, a font, a document) will become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetOutput {
    /// Empty for the asset itself, else what makes this one different: `avif`, `webp`.
    pub variant: String,
    /// Extension of the output file, without the dot.
    pub extension: String,
    /// Its bytes if they need nothing of other assets; `None` if [`crate::plugin::AssetPlugin::render_asset`] makes them.
    #[serde(with = "serde_bytes")]
    pub bytes: Option<Vec<u8>>,
}

/// What a plugin keeps in memory of an asset in a form that is quick to use, such as a syntax tree.
pub trait Live: Any + Send + Sync {
    /// The asset's [`Asset::record`]. Asked for if it is written to the cache.
    fn record(&self) -> Vec<u8>;
}

/// What a plugin made of one source.
#[derive(Clone, Default, Deserialize)]
pub struct Asset {
    /// In source order; a plugin's record refers to dependencies by index.
    pub dependencies: Vec<Dependency>,
    /// The plugin's own record, serialised by it: all it needs to link and render. Empty if it is `live`.
    #[serde(with = "serde_bytes")]
    pub record: Vec<u8>,
    /// The files this asset becomes, for kinds that are not bundled into chunks.
    pub outputs: Vec<AssetOutput>,
    /// Pixel size, for images.
    pub dimensions: Option<(u32, u32)>,
    /// For images: what stands for it until it is there, as a `data:` URL.
    pub placeholder: Option<String>,
    /// The record as it was made; absent when the asset came from the cache.
    #[serde(skip)]
    pub live: Option<Arc<dyn Live>>,
}

impl Serialize for Asset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            dependencies: &'a [Dependency],
            record: &'a Bytes,
            outputs: &'a [AssetOutput],
            dimensions: Option<(u32, u32)>,
            placeholder: &'a Option<String>,
        }
        let Self { dependencies, record, outputs, dimensions, placeholder, live } = self;
        let record = live.as_ref().map_or(Cow::Borrowed(record), |live| Cow::Owned(live.record()));
        let record = Bytes::new(&record);
        Written { dependencies, record, outputs, dimensions: *dimensions, placeholder }.serialize(serializer)
    }
}

/// `path` relative to `root` with forward slashes, the text of an [`AssetId`].
pub fn relative_to_root(root: &Path, path: &Path) -> String {
    // Nearly all are below the root, and come without `.` and doubled slashes. To compare texts is quicker than names.
    if let (Some(root), Some(path)) = (root.to_str(), path.to_str())
        && let Some(inside) = path.strip_prefix(root).and_then(|inside| inside.strip_prefix('/'))
        && std::path::MAIN_SEPARATOR == '/'
        && inside.split('/').all(|name| !matches!(name, "" | "."))
    {
        return inside.to_owned();
    }
    let common = root.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let ups = root.components().count() - common;
    let mut parts: Vec<String> = vec!["..".to_owned(); ups];
    parts.extend(path.components().skip(common).map(|component| component.as_os_str().to_string_lossy().into_owned()));
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_relative_to_the_root() {
        let root = Path::new("/site");
        assert_eq!(relative_to_root(root, Path::new("/site/src/a.js")), "src/a.js");
        assert_eq!(relative_to_root(root, Path::new("/shared/b.js")), "../shared/b.js");
        assert_eq!(relative_to_root(root, Path::new("/site/src//./a.js")), "src/a.js");
        assert_eq!(relative_to_root(root, root), "");
    }

    #[test]
    fn a_fragment_has_the_extension_of_its_query() {
        assert_eq!(AssetId::new("a.html?inline=0.js").extension(), "js");
        assert_eq!(AssetId::new("a.js?x?inline=0.glob").extension(), "glob");
        assert_eq!(AssetId::new("a/b.PNG?w=3").extension(), "png");
        assert_eq!(AssetId::new("a/b.module.css").stem(), "b.module");
    }
}
