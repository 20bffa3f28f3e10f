//! What a stage has to say about its input: errors and warnings with places in the sources.
//!
//! Invariant: nothing in the engine or a plugin prints; diagnostics travel beside values and one place in the command line renders them.

use crate::asset::AssetId;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The build cannot be released.
    Error,
    /// The build is good, but probably not what was meant.
    Warning,
}

/// A byte range of a source with a word about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The file, as the user would name it: relative to the root.
    pub source: AssetId,
    /// Byte offsets into the file as it is on disk.
    pub range: Range<u32>,
    /// What is there ("imported here"); may be empty.
    pub text: String,
}

/// One message: lower case, no final full stop, code in backticks, at most one help line that names the fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// A stable name such as `missing-export`.
    pub code: String,
    /// Error or warning.
    pub severity: Severity,
    /// The message.
    pub message: String,
    /// Where; the first label is the primary one.
    pub labels: Vec<Label>,
    /// The fix.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, source: &AssetId, range: Range<u32>, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: source.clone(), range, text: text.into() });
        self
    }

    /// Sets the help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether this is about a defect of Planish, which may not show again: what has it is not kept, lest its repair be hidden.
    pub fn is_defect(&self) -> bool {
        self.code == "internal"
    }

    /// Whether this stops the build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Eq for Diagnostic {}
impl PartialOrd for Diagnostic {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Diagnostic {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |diagnostic: &Self| {
            diagnostic.labels.first().map(|label| (label.source.clone(), label.range.start, label.range.end))
        };
        (self.severity, place(self), &self.code, &self.message).cmp(&(
            other.severity,
            place(other),
            &other.code,
            &other.message,
        ))
    }
}

/// A value together with what there is to say about it. A broken input yields an empty value plus an error, so that one
/// build shows every error.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome<T> {
    /// The value.
    pub value: T,
    /// In the order found; the driver sorts all of a build's diagnostics.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Outcome<T> {
    /// A value about which there is nothing to say.
    pub fn new(value: T) -> Self {
        Self { value, diagnostics: Vec::new() }
    }

    /// A value with diagnostics.
    pub fn with(value: T, diagnostics: Vec<Diagnostic>) -> Self {
        Self { value, diagnostics }
    }

    /// Moves the diagnostics into `into` and returns the value.
    pub fn take(self, into: &mut Vec<Diagnostic>) -> T {
        into.extend(self.diagnostics);
        self.value
    }
}
