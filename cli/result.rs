//! The result of a build as one JSON object, for programs.

use crate::frame::{Place, locate};
use crate::report::Sources;
use planish_pipeline::diagnostic::{Diagnostic, Label, Severity};
use planish_pipeline::session::{BuildResult, WrittenFile};
use planish_pipeline::task::TaskCount;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Serialize)]
struct Result<'a> {
    success: bool,
    out: &'a str,
    files: &'a [WrittenFile],
    written: usize,
    assets: usize,
    diagnostics: Vec<Message<'a>>,
    tasks: &'a BTreeMap<Cow<'static, str>, TaskCount>,
    ran: &'a [(&'static str, String)],
    duration_ms: u64,
}

/// A diagnostic. The place at the top is that of its first label.
#[derive(Serialize)]
struct Message<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Where<'a>,
    labels: Vec<Labelled<'a>>,
}

#[derive(Serialize)]
struct Labelled<'a> {
    #[serde(flatten)]
    place: Where<'a>,
    text: &'a str,
}

/// Lines and columns count from 1, columns in characters; they are absent for files without text.
#[derive(Default, Serialize)]
struct Where<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
}

/// One line of JSON.
pub(crate) fn json(result: &BuildResult, out: &str, duration: Duration, sources: Sources<'_>) -> String {
    let result = Result {
        success: !result.has_errors() && !result.write_failed,
        out,
        files: &result.files,
        written: result.written,
        assets: result.assets,
        diagnostics: result.diagnostics.iter().map(|diagnostic| message(diagnostic, sources)).collect(),
        tasks: &result.log.counts,
        ran: &result.log.ran,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
    };
    serde_json::to_string(&result).expect("plain data with text keys always serialises")
}

fn message<'a>(diagnostic: &'a Diagnostic, sources: Sources<'_>) -> Message<'a> {
    Message {
        code: &diagnostic.code,
        severity: diagnostic.severity,
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        place: diagnostic.labels.first().map(|label| place(label, sources)).unwrap_or_default(),
        labels: diagnostic
            .labels
            .iter()
            .map(|label| Labelled { place: place(label, sources), text: &label.text })
            .collect(),
    }
}

fn place<'a>(label: &'a Label, sources: Sources<'_>) -> Where<'a> {
    let file = Some(label.source.as_str());
    match sources(&label.source).map(|text| locate(&text, &label.range)) {
        Some(Place { line, column, end_line, end_column }) => Where {
            file,
            line: Some(line),
            column: Some(column),
            end_line: Some(end_line),
            end_column: Some(end_column),
        },
        None => Where { file, ..Where::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planish_pipeline::asset::AssetId;

    #[test]
    fn a_failed_build() {
        let diagnostic =
            Diagnostic::error("missing-file", "`a.png` does not exist").at(&AssetId::new("a.css"), 4..9, "here");
        let result = BuildResult { diagnostics: vec![diagnostic], assets: 1, ..BuildResult::default() };
        let expected = concat!(
            r#"{"success":false,"out":"dist","files":[],"written":0,"assets":1,"diagnostics":[{"code":"missing-file","#,
            r#""severity":"error","message":"`a.png` does not exist","help":null,"file":"a.css","line":2,"column":2,"end_line":2,"#,
            r#""end_column":7,"labels":[{"file":"a.css","line":2,"column":2,"end_line":2,"end_column":7,"text":"here"}]}],"#,
            r#""tasks":{},"ran":[],"duration_ms":7}"#
        );
        assert_eq!(json(&result, "dist", Duration::from_millis(7), &|_| Some("a{\n u: v }".into())), expected);
    }
}
