//! Which browsers a target stands for.

use lightningcss::targets::{Browsers, Targets};

/// The browser versions of a target.
///
/// # Errors
/// A message about a query that is not understood.
pub(crate) fn targets(target: &str) -> Result<Targets, String> {
    let target = target.trim();
    if is_ecmascript(target) {
        return Ok(Targets::default());
    }
    if target == "baseline-widely-available" {
        return Ok(Targets { browsers: Some(baseline()), ..Targets::default() });
    }
    let browsers = Browsers::from_browserslist([target])
        .map_err(|error| format!("the target `{target}` is not understood: {error}"))?;
    Ok(Targets { browsers, ..Targets::default() })
}

/// `es2020`, `es6`, `esnext`.
fn is_ecmascript(target: &str) -> bool {
    target.strip_prefix("es").is_some_and(|edition| {
        edition == "next" || !edition.is_empty() && edition.chars().all(|digit| digit.is_ascii_digit())
    })
}

/// What has been in every engine for 30 months, as Vite 8 fixes it. Browserslist's own query for it depends on the day it is asked, and
/// the same sources must give the same bytes tomorrow.
fn baseline() -> Browsers {
    let version = |major: u32, minor: u32| Some(major << 16 | minor << 8);
    Browsers {
        chrome: version(111, 0),
        edge: version(111, 0),
        firefox: version(114, 0),
        safari: version(16, 4),
        ios_saf: version(16, 4),
        ..Browsers::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browserslist_queries_are_understood() {
        let targets = targets("safari 12").expect("a valid query");
        assert_eq!(targets.browsers.and_then(|browsers| browsers.safari), Some(12 << 16));
    }

    #[test]
    fn editions_of_ecmascript_say_nothing_about_css() {
        assert_eq!(targets("es2020").expect("valid").browsers, None);
        assert_eq!(targets("esnext").expect("valid").browsers, None);
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(targets("netscape 4").is_err());
    }
}
