//! What other assets become, as text in a chunk.

use super::Instructor;
use crate::words::quoted;
use planish_pipeline::graph::AssetIdx;
use planish_pipeline::plugin::Piece;

impl Instructor<'_> {
    /// An expression for the text that an asset becomes.
    pub(super) fn inline(&mut self, asset: AssetIdx) -> String {
        self.inlines = true;
        let inline = (self.context.inline)(asset, self.script).take(&mut self.diagnostics);
        self.references.extend(inline.references);
        let mut terms: Vec<String> = Vec::new();
        let mut text = String::new();
        for piece in inline.pieces {
            match piece {
                // It is known only where the script runs.
                Piece::Url(url) if self.context.names.has_relative_base() => {
                    terms.push(quoted(&std::mem::take(&mut text)));
                    terms.push(self.expression_of(&url));
                }
                Piece::Text(piece) | Piece::Url(piece) => text.push_str(&piece),
            }
        }
        if terms.is_empty() || !text.is_empty() {
            terms.push(quoted(&text));
        }
        terms.join(" + ")
    }
}
