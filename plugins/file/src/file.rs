//! Any file, copied as it is.

use planish_pipeline::asset::{Asset, AssetOutput, Source};
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::OutputClass;
use planish_pipeline::plugin::{AssetPlugin, Grouping, Request};

/// The plugin for every file. It belongs at the end of the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct FilePlugin;

impl AssetPlugin for FilePlugin {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn version(&self) -> u32 {
        1
    }

    fn options(&self) -> Key {
        KeyBuilder::new("file options", 1).finish()
    }

    fn accepts(&self, _: Request<'_>) -> bool {
        true
    }

    fn grouping(&self) -> Grouping {
        Grouping::Single { class: OutputClass::Asset }
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        let output = AssetOutput {
            variant: String::new(),
            extension: source.id.extension(),
            bytes: Some(source.content.to_vec()),
        };
        Outcome::new(Asset { outputs: vec![output], ..Asset::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planish_pipeline::asset::{AssetId, PackageFacts};

    #[test]
    fn a_file_is_copied_under_its_extension() {
        let content: &[u8] = b"\0\xFFfont";
        let source = Source {
            id: AssetId::new("fonts/a.WOFF2"),
            path: "fonts/a.WOFF2".into(),
            content: content.to_vec().into(),
            hash: Key::of_bytes(content),
            package: PackageFacts::default(),
        };
        let asset = FilePlugin.transform(&source).value;
        assert_eq!(asset.outputs.len(), 1);
        assert_eq!((asset.outputs[0].variant.as_str(), asset.outputs[0].extension.as_str()), ("", "woff2"));
        assert_eq!(asset.outputs[0].bytes.as_deref(), Some(content));
    }
}
