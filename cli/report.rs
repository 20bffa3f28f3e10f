//! Diagnostics as text.
//!
//! ```text
//! error[missing-export]: `formatDate` is not exported by `src/dates.js`
//!   --> src/app.js:3:10
//!    |
//!  3 | import { formatDate } from "./dates.js";
//!    |          ^^^^^^^^^^ imported here
//!    |
//!   help: `src/dates.js` exports `formatDay`; did you mean that?
//! ```

use crate::frame::{excerpt, locate};
use crate::terminal::{Paint, Tone};
use planish_pipeline::asset::AssetId;
use planish_pipeline::diagnostic::{Diagnostic, Label, Severity};
use std::sync::Arc;

/// Looks up the text of a source; `None` if it has none.
pub(crate) type Sources<'a> = &'a dyn Fn(&AssetId) -> Option<Arc<str>>;

/// One diagnostic, without a line end after its last line.
pub(crate) fn render(diagnostic: &Diagnostic, sources: Sources<'_>, paint: Paint) -> String {
    let (word, tone) = match diagnostic.severity {
        Severity::Error => ("error", Tone::Error),
        Severity::Warning => ("warning", Tone::Warning),
    };
    let head = paint.text(tone, &format!("{word}[{}]", diagnostic.code));
    let mut lines = vec![format!("{head}{}", paint.text(Tone::Strong, &format!(": {}", diagnostic.message)))];
    let groups = by_source(&diagnostic.labels, sources);
    let gutter = groups.iter().map(Group::gutter).max().unwrap_or(1);
    for (at, group) in groups.iter().enumerate() {
        group.render(if at == 0 { "-->" } else { ":::" }, gutter, tone, paint, &mut lines);
    }
    if let Some(help) = &diagnostic.help {
        if groups.iter().any(|group| group.text.is_some()) {
            lines.push(bar(gutter, paint));
        }
        lines.push(format!("{}{} {help}", " ".repeat(gutter + 1), paint.text(Tone::Good, "help:")));
    }
    lines.join("\n")
}

/// The last line of a run: `2 errors, 1 warning`; `None` if there is nothing to count.
pub(crate) fn count(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let plural = |number: usize, word: &str| match number {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{number} {word}s")),
    };
    let parts: Vec<String> =
        [plural(errors, "error"), plural(diagnostics.len() - errors, "warning")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The labels of one source.
struct Group<'a> {
    source: &'a AssetId,
    text: Option<Arc<str>>,
    /// In source order; with whether it is the diagnostic's first label.
    labels: Vec<(&'a Label, bool)>,
}

/// The source of the first label comes first, the others in the order of their labels.
fn by_source<'a>(labels: &'a [Label], sources: Sources<'_>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        match groups.iter_mut().find(|group| *group.source == label.source) {
            Some(group) => group.labels.push((label, at == 0)),
            None => groups.push(Group {
                source: &label.source,
                text: sources(&label.source),
                labels: vec![(label, at == 0)],
            }),
        }
    }
    for group in &mut groups {
        group.labels.sort_by_key(|(label, _)| (label.range.start, label.range.end));
    }
    groups
}

impl Group<'_> {
    /// The width of its line numbers.
    fn gutter(&self) -> usize {
        let Some(text) = &self.text else { return 1 };
        self.labels.iter().map(|(label, _)| locate(text, &label.range).line.to_string().len()).max().unwrap_or(1)
    }

    fn render(&self, arrow: &str, gutter: usize, tone: Tone, paint: Paint, lines: &mut Vec<String>) {
        let head = paint.text(Tone::Frame, &format!("{}{arrow}", " ".repeat(gutter + 1)));
        let Some(text) = &self.text else {
            lines.push(format!("{head} {}", self.source));
            return;
        };
        let main = self.labels.iter().find(|(_, is_primary)| *is_primary).or(self.labels.first());
        let main = main.map(|(label, _)| locate(text, &label.range)).expect("a group is made for a label");
        lines.push(format!("{head} {}:{}:{}", self.source, main.line, main.column));
        lines.push(bar(gutter, paint));
        let mut previous: Option<(usize, bool)> = None;
        for (label, is_primary) in &self.labels {
            let line = locate(text, &label.range).line;
            let shown = excerpt(text, &label.range);
            if previous.is_some_and(|(last, _)| line > last + 1) {
                lines.push(paint.text(Tone::Frame, "..."));
            }
            if previous != Some((line, false)) {
                let number = paint.text(Tone::Frame, &format!(" {line:>gutter$} |"));
                lines.push(format!("{number} {}", shown.text).trim_end().to_owned());
            }
            let mark = if *is_primary { "^" } else { "-" }.repeat(shown.width);
            let mark = format!("{mark} {}", label.text);
            let mark = paint.text(if *is_primary { tone } else { Tone::Frame }, mark.trim_end());
            lines.push(format!("{} {}{mark}", bar(gutter, paint), " ".repeat(shown.indent)));
            previous = Some((line, shown.is_cut));
        }
    }
}

fn bar(gutter: usize, paint: Paint) -> String {
    paint.text(Tone::Frame, &format!("{}|", " ".repeat(gutter + 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(diagnostic: &Diagnostic, expected: &str) {
        let sources = |id: &AssetId| -> Option<Arc<str>> {
            match id.as_str() {
                "src/app.js" => Some("// dates\n\nimport { formatDate } from \"./dates.js\";\nformatDate();\n".into()),
                "src/dates.js" => Some(format!("{}export const formatDay = 1;\n", "\n".repeat(11)).into()),
                _ => None,
            }
        };
        assert_eq!(render(diagnostic, &sources, Paint::default()), expected.trim_matches('\n'));
    }

    fn missing_export() -> Diagnostic {
        Diagnostic::error("missing-export", "`formatDate` is not exported by `src/dates.js`").at(
            &AssetId::new("src/app.js"),
            19..29,
            "imported here",
        )
    }

    #[test]
    fn a_message_with_a_place_and_a_help_line() {
        check(
            &missing_export().help("`src/dates.js` exports `formatDay`; did you mean that?"),
            r#"
error[missing-export]: `formatDate` is not exported by `src/dates.js`
  --> src/app.js:3:10
   |
 3 | import { formatDate } from "./dates.js";
   |          ^^^^^^^^^^ imported here
   |
  help: `src/dates.js` exports `formatDay`; did you mean that?
"#,
        );
    }

    #[test]
    fn a_place_in_another_file_has_its_own_frame_and_one_gutter_serves_both() {
        check(
            &missing_export().at(&AssetId::new("src/dates.js"), 24..33, "this is exported"),
            r#"
error[missing-export]: `formatDate` is not exported by `src/dates.js`
   --> src/app.js:3:10
    |
  3 | import { formatDate } from "./dates.js";
    |          ^^^^^^^^^^ imported here
   ::: src/dates.js:12:14
    |
 12 | export const formatDay = 1;
    |              --------- this is exported
"#,
        );
    }

    #[test]
    fn two_places_on_one_line_share_it_and_a_gap_is_marked() {
        let id = AssetId::new("src/app.js");
        check(
            &Diagnostic::warning("odd", "odd").at(&id, 51..61, "third").at(&id, 0..2, "").at(&id, 19..29, "second"),
            r#"
warning[odd]: odd
  --> src/app.js:4:1
   |
 1 | // dates
   | --
...
 3 | import { formatDate } from "./dates.js";
   |          ---------- second
 4 | formatDate();
   | ^^^^^^^^^^ third
"#,
        );
    }

    #[test]
    fn a_file_without_text_is_named_without_a_line() {
        check(
            &Diagnostic::error("broken-image", "the file ends early")
                .at(&AssetId::new("img/a.png"), 0..0, "")
                .help("export it again"),
            "error[broken-image]: the file ends early\n  --> img/a.png\n  help: export it again",
        );
    }

    #[test]
    fn a_message_without_a_place() {
        check(&Diagnostic::error("no-entries", "nothing to build"), "error[no-entries]: nothing to build");
    }

    #[test]
    fn colours_surround_the_same_text() {
        let coloured = render(&missing_export(), &|_| None, Paint::always());
        assert!(
            coloured.starts_with("\u{1b}[1;31merror[missing-export]\u{1b}[0m\u{1b}[1m: `formatDate`"),
            "{coloured:?}"
        );
    }

    #[test]
    fn counts() {
        let (error, warning) = (Diagnostic::error("a", ""), Diagnostic::warning("b", ""));
        assert_eq!(count(&[]), None);
        assert_eq!(count(&[error.clone(), error, warning]).as_deref(), Some("2 errors, 1 warning"));
    }
}
