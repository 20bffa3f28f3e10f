//! The way to the terminal. Nothing else writes to stdout or stderr.
//!
//! Results go to stdout, everything a person reads on the way goes to stderr. A reader that went away is not an error.

use crate::flags::ColourChoice;
use std::io::{IsTerminal, Write};

/// Where messages go and whether they may be coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// How text is coloured.
    pub(crate) paint: Paint,
    /// A person looks at stderr, so that progress may be drawn and redrawn.
    pub(crate) is_interactive: bool,
}

impl Terminal {
    /// Asks the environment what the terminal can do.
    pub(crate) fn new(choice: ColourChoice) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => is_terminal && !is_dumb && !is_unwanted,
        };
        let in_automation = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        Self { paint: Paint { on: colour }, is_interactive: is_terminal && !is_dumb && !in_automation }
    }

    /// Writes a message and a line end to stderr.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Writes a result and a line end to stdout.
    pub(crate) fn answer(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    }
}

/// Colours text, or leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paint {
    on: bool,
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The word `error` and the underline of its place.
    Error,
    /// The word `warning` and the underline of its place.
    Warning,
    /// The word `help`, and success.
    Good,
    /// Line numbers and frames.
    Frame,
    /// A message.
    Strong,
    /// What matters less.
    Faint,
}

impl Paint {
    /// Colours that are always on.
    #[cfg(test)]
    pub(crate) fn always() -> Self {
        Self { on: true }
    }

    /// The text in its colour.
    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Error => "1;31",
            Tone::Warning => "1;33",
            Tone::Good => "1;32",
            Tone::Frame => "1;34",
            Tone::Strong => "1",
            Tone::Faint => "2",
        };
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
