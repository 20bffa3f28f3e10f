//! Which syntax the places understand where the scripts will run.

use browserslist::{Opts, resolve};
use swc_core::ecma::ast::EsVersion;
use swc_core::ecma::preset_env::{BrowserData, Caniuse, Config, EnvConfig, Feature, Targets, Version, Versions};

/// What [`Target::parse`] takes for Baseline's "widely available": the core browsers' releases up to the spring of 2023, whose
/// syntax all of them have understood for thirty months. Fixed, because output may not depend on the clock.
const BASELINE: &str = "chrome >= 111, edge >= 111, firefox >= 114, safari >= 16.4, ios_saf >= 16.4";

/// Syntax by the year that brought it, as far as swc can lower it. Older syntax first.
const YEARS: [(EsVersion, &[Feature]); 8] = [
    (
        EsVersion::Es2015,
        &[
            Feature::ArrowFunctions,
            Feature::BlockScoping,
            Feature::Classes,
            Feature::ComputedProperties,
            Feature::Destructuring,
            Feature::ForOf,
            Feature::NewTarget,
            Feature::Parameters,
            Feature::Regenerator,
            Feature::ShorthandProperties,
            Feature::Spread,
            Feature::StickyRegex,
            Feature::TemplateLiterals,
            Feature::UnicodeRegex,
        ],
    ),
    (EsVersion::Es2016, &[Feature::ExponentiationOperator]),
    (EsVersion::Es2017, &[Feature::AsyncToGenerator]),
    (
        EsVersion::Es2018,
        &[
            Feature::AsyncGeneratorFunctions,
            Feature::DotAllRegex,
            Feature::NamedCapturingGroupsRegex,
            Feature::ObjectRestSpread,
            Feature::UnicodePropertyRegex,
        ],
    ),
    (EsVersion::Es2019, &[Feature::OptionalCatchBinding]),
    (EsVersion::Es2020, &[Feature::ExportNamespaceFrom, Feature::NullishCoalescing, Feature::OptionalChaining]),
    (EsVersion::Es2021, &[Feature::LogicalAssignmentOperators]),
    (
        EsVersion::Es2022,
        &[
            Feature::ClassProperties,
            Feature::ClassStaticBlock,
            Feature::PrivateMethods,
            Feature::PrivatePropertyInObject,
        ],
    ),
];

/// Whether all places that a target stands for know import maps; one that is not understood has none.
pub fn has_import_maps(target: &str) -> bool {
    Target::parse(target).is_ok_and(|target| target.has_import_maps())
}

/// What the scripts may contain.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The syntax of one year of ECMAScript.
    Year(EsVersion),
    /// What all of these browsers understand.
    Browsers(Box<Versions>),
}

impl Target {
    /// Reads `baseline-widely-available`, `es2020`, `esnext` or a browserslist query.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if let Some(year) = year(trimmed) {
            return Ok(Self::Year(year));
        }
        if trimmed.eq_ignore_ascii_case("baseline-widely-available") {
            return browsers(BASELINE);
        }
        let lower = trimmed.to_ascii_lowercase();
        let dated = (lower.contains("last") && lower.contains("year"))
            || lower.contains("ly available") && !lower.contains(" on ");
        if dated {
            return Err(format!(
                "the target `{text}` depends on the date of the build; name versions, or say `since 2023`"
            ));
        }
        browsers(trimmed)
    }

    /// Whether scripts may use the feature.
    pub(super) fn supports(&self, feature: Feature) -> bool {
        match self {
            Self::Year(year) => match feature {
                Feature::ExplicitResourceManagement => *year == EsVersion::EsNext,
                Feature::PrivateMethods => *year >= EsVersion::Es2022,
                Feature::UnicodeSetsRegex => *year >= EsVersion::Es2024,
                _ => year.caniuse(feature),
            },
            Self::Browsers(versions) => !feature.should_enable(versions, false, false),
        }
    }

    /// The newest year all of whose syntax scripts may use.
    pub(super) fn year(&self) -> EsVersion {
        if let Self::Year(year) = self {
            return *year;
        }
        let whole = YEARS.iter().take_while(|(_, features)| features.iter().all(|feature| self.supports(*feature)));
        whole.last().map_or(EsVersion::Es5, |(year, _)| *year)
    }

    /// Whether pages may have an import map, and scripts `import.meta.resolve`: caniuse's `import-maps`, and MDN. All browsers that
    /// have the syntax of 2022 do, but for Firefox before 108.
    fn has_import_maps(&self) -> bool {
        let Self::Browsers(versions) = self else { return self.year() >= EsVersion::Es2022 };
        let Versions { chrome, edge, firefox, safari, ios, opera, samsung, android, .. } = **versions;
        let known = [
            (chrome, (105, 0)),
            (edge, (105, 0)),
            (firefox, (108, 0)),
            (safari, (16, 4)),
            (ios, (16, 4)),
            (opera, (91, 0)),
            (samsung, (20, 0)),
            (android, (105, 0)),
        ];
        let is_new = |version: Version, first| (version.major, version.minor) >= first;
        let others = Versions {
            chrome: None,
            edge: None,
            firefox: None,
            safari: None,
            ios: None,
            opera: None,
            samsung: None,
            android: None,
            ..**versions
        };
        others.is_any_target()
            && known.into_iter().all(|(version, first)| version.is_none_or(|version| is_new(version, first)))
    }

    /// swc's name for the browsers; `None` for a year.
    pub(super) fn environment(&self) -> Option<EnvConfig> {
        let Self::Browsers(versions) = self else { return None };
        Some(EnvConfig::from(Config { targets: Some(Targets::Versions(**versions)), ..Config::default() }))
    }
}

fn year(text: &str) -> Option<EsVersion> {
    Some(match text.to_ascii_lowercase().as_str() {
        "es5" => EsVersion::Es5,
        "es6" | "es2015" => EsVersion::Es2015,
        "es2016" => EsVersion::Es2016,
        "es2017" => EsVersion::Es2017,
        "es2018" => EsVersion::Es2018,
        "es2019" => EsVersion::Es2019,
        "es2020" => EsVersion::Es2020,
        "es2021" => EsVersion::Es2021,
        "es2022" => EsVersion::Es2022,
        "es2023" => EsVersion::Es2023,
        "es2024" => EsVersion::Es2024,
        "esnext" => EsVersion::EsNext,
        _ => return None,
    })
}

fn browsers(query: &str) -> Result<Target, String> {
    let options = Opts { mobile_to_desktop: true, ..Opts::default() };
    let bad = |reason: &dyn std::fmt::Display| {
        format!(
            "`{query}` is neither `baseline-widely-available`, a year such as `es2020`, nor a browserslist query: {reason}"
        )
    };
    let found = resolve([query], &options).map_err(|error| bad(&error))?;
    if found.is_empty() {
        return Err(bad(&"it matches no browser"));
    }
    let versions = BrowserData::parse_versions(found).map_err(|error| bad(&error))?;
    Ok(Target::Browsers(Box::new(versions)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_itself() {
        assert_eq!(Target::parse("ES2019").expect("a year").year(), EsVersion::Es2019);
    }

    #[test]
    fn browsers_have_the_newest_year_that_all_understand() {
        let target = Target::parse("chrome 91").expect("a browser");
        assert_eq!(target.year(), EsVersion::Es2021);
        assert!(!target.supports(Feature::ClassStaticBlock));
        assert_eq!(Target::parse("baseline-widely-available").expect("a name").year(), EsVersion::Es2022);
        assert_eq!(Target::parse("node 20").expect("a query").year(), EsVersion::Es2022);
    }

    #[test]
    fn import_maps_came_late() {
        for target in ["baseline-widely-available", "es2022", "chrome 105, firefox 108"] {
            assert!(has_import_maps(target), "{target}");
        }
        for target in ["es2021", "safari 16.3", "chrome 120, firefox 107", "ie 11", "nonsense 3"] {
            assert!(!has_import_maps(target), "{target}");
        }
    }

    #[test]
    fn what_depends_on_the_clock_is_refused() {
        assert!(Target::parse("last 2 years").is_err_and(|message| message.contains("date of the build")));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Target::parse("netscape forever").is_err_and(|message| message.contains("netscape forever")));
    }
}
