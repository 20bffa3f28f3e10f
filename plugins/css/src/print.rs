//! Bundled rules to text: lowered for the targets, prefixed, minified, with a source map.

use crate::bundle::Bundle;
use crate::place::Places;
use crate::reach::Reach;
use crate::scan;
use lightningcss::error::{Error, ErrorLocation};
use lightningcss::printer::PrinterOptions;
use lightningcss::rules::CssRuleList;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, StyleSheet};
use lightningcss::targets::Targets;
use parcel_sourcemap::SourceMap;
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// A finished stylesheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Printed {
    /// The CSS.
    pub(crate) css: String,
    /// The source map, if one was asked for.
    pub(crate) map: Option<String>,
}

/// How rules are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printing {
    /// Without spaces.
    pub(crate) minify: bool,
    /// For which browsers.
    pub(crate) targets: Targets,
}

/// Without this, a stylesheet has the encoding of the document that links it.
pub(crate) const CHARSET: &str = "@charset \"UTF-8\";\n";

/// Prints a bundle. `map_name` is the URL of the source map as seen from the stylesheet; there is none without.
pub(crate) fn print(
    bundle: Outcome<Bundle<'_>>,
    reach: &Reach<'_>,
    printing: &Printing,
    map_name: Option<&str>,
) -> Outcome<Printed> {
    let Outcome { value: bundle, mut diagnostics } = bundle;
    let sources = reach.files.iter().map(|file| file.node.id.to_string()).collect();
    let mut sheet = StyleSheet::new(sources, CssRuleList(bundle.rules), ParserOptions::default());
    sheet.license_comments = bundle.licenses;
    let minified = sheet.minify(MinifyOptions { targets: printing.targets, ..MinifyOptions::default() });
    if let Err(error) = minified {
        diagnostics.push(failure(&error, reach));
        return Outcome::with(Printed::default(), diagnostics);
    }
    let mut map = map_name.map(|_| source_map(reach));
    let options = PrinterOptions {
        minify: printing.minify,
        source_map: map.as_mut(),
        targets: printing.targets,
        ..PrinterOptions::default()
    };
    match sheet.to_css(options) {
        Ok(printed) => Outcome::with(finish(printed.code, map, map_name), diagnostics),
        Err(error) => {
            diagnostics.push(failure(&error, reach));
            Outcome::with(Printed::default(), diagnostics)
        }
    }
}

fn finish(mut css: String, mut map: Option<SourceMap>, map_name: Option<&str>) -> Printed {
    if !css.is_ascii() {
        css.insert_str(0, CHARSET);
        if let Some(map) = &mut map {
            map.offset_lines(0, 1).expect("a stylesheet has fewer lines than a number can count");
        }
    }
    if let Some(name) = map_name {
        if !css.is_empty() && !css.ends_with('\n') {
            css.push('\n');
        }
        css.push_str(&format!("/*# sourceMappingURL={name} */\n"));
    }
    let map = map.map(|mut map| map.to_json(None).expect("a map that was just made is valid"));
    Printed { css, map }
}

fn source_map(reach: &Reach<'_>) -> SourceMap {
    let mut map = SourceMap::new("/");
    for file in &reach.files {
        let at = map.add_source(file.node.id.as_str());
        let text = scan::text(&file.node.source).map(|(text, _)| text).unwrap_or_default();
        map.set_source_content(at as usize, text).expect("the source was just added");
    }
    map
}

fn failure<T: Display>(error: &Error<T>, reach: &Reach<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::error("unsupported-css", format!("cannot lower this for the target: {}", error.kind));
    let place = |place: &ErrorLocation| {
        let file = reach.files.iter().find(|file| file.node.id.as_str() == place.filename)?;
        let (text, before) = scan::text(&file.node.source)?;
        let places = Places::new(text, before);
        let range = places.word(places.offset(place.line, place.column));
        Some((&file.node.id, places.in_file(range)))
    };
    match error.loc.as_ref().and_then(place) {
        Some((id, range)) => diagnostic.at(id, range, ""),
        None => diagnostic,
    }
}
