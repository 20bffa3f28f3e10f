//! `[service_worker]`.

use super::value::{Fallback, OutputPath, Size};
use planish_plugins::service_worker::{Rule, Strategy};
use serde::Deserialize;
use std::time::Duration;

/// The service worker.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "RawServiceWorker")]
pub(crate) struct ServiceWorkerConfig(pub(crate) RawServiceWorker);

/// The same before its keys are compared with each other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawServiceWorker {
    /// Whether one is written.
    pub(crate) enabled: bool,
    /// Its path below the output folder: `sw.js`.
    pub(crate) file: Option<OutputPath>,
    /// The part of the site that it governs: a path from the root of the host.
    pub(crate) scope: Option<Scope>,
    /// The page that is shown for any address while there is no network, or `false`: `index.html` if that is an entry.
    pub(crate) navigation_fallback: Option<Fallback>,
    /// Addresses that this page answers at once.
    pub(crate) app_shell: Vec<UrlPattern>,
    /// The page that is shown instead while there is no network, but for those addresses.
    pub(crate) offline: Option<OutputPath>,
    /// Files that are kept beyond what is usual, and how much depends on them.
    pub(crate) precache: Precache,
    /// Files that are not precached: path suffixes, or globs with `*`.
    pub(crate) exclude: Vec<String>,
    /// Whether images are precached.
    pub(crate) include_images: bool,
    /// Whether what is loaded is compared with what was built: yes.
    pub(crate) integrity: Option<bool>,
    /// Whether pages that are not kept are asked for while the worker starts.
    pub(crate) navigation_preload: bool,
    /// What is kept besides the release.
    pub(crate) runtime: Vec<RuntimeRule>,
    /// The user's own worker, relative to the root, that gets the list of files.
    pub(crate) inject: Option<String>,
    /// Whether the worker only ends an earlier one.
    pub(crate) kill: bool,
}

impl TryFrom<RawServiceWorker> for ServiceWorkerConfig {
    type Error = String;

    fn try_from(raw: RawServiceWorker) -> Result<Self, String> {
        let of_generated = [
            ("app_shell", !raw.app_shell.is_empty()),
            ("navigation_fallback", raw.navigation_fallback.is_some()),
            ("navigation_preload", raw.navigation_preload),
            ("offline", raw.offline.is_some()),
            ("runtime", !raw.runtime.is_empty()),
        ];
        let without_meaning = of_generated.into_iter().find(|(_, is_set)| *is_set && raw.inject.is_some());
        if let Some((key, _)) = without_meaning {
            return Err(format!(
                "must not have both `inject` and `{key}`, which is the business of the worker's source"
            ));
        }
        if !raw.app_shell.is_empty() && raw.navigation_fallback == Some(Fallback(None)) {
            return Err("must have a `navigation_fallback` if it has an `app_shell`".to_owned());
        }
        Ok(Self(raw))
    }
}

/// `precache` of `[service_worker]`: path suffixes, or globs with `*`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Precache {
    /// Kept as a whole before the worker takes over.
    pub(crate) critical: Vec<String>,
    /// Kept as far as they can be had.
    pub(crate) tolerant: Vec<String>,
}

/// `scope` of `[service_worker]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Scope(pub(crate) String);

impl TryFrom<String> for Scope {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains(['?', '#', '*', '\\']);
        if is_path { Ok(Self(text)) } else { Err(format!("must be a path such as `/app/`, not `{text}`")) }
    }
}

/// A path on the site's own host or a whole URL, with `*` for any text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct UrlPattern(pub(crate) String);

impl TryFrom<String> for UrlPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if ["/", "http://", "https://", "*"].iter().any(|start| text.starts_with(start)) && !text.contains('#') {
            Ok(Self(text))
        } else {
            Err(format!("must be paths such as `/media/*` or URLs such as `https://api.example.com/*`, not `{text}`"))
        }
    }
}

/// One of `runtime` of `[service_worker]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuntimeRule {
    urls: Vec<UrlPattern>,
    strategy: StrategyName,
    max_age: Option<Time>,
    max_entries: Option<u32>,
    max_size: Option<Size>,
    timeout: Option<Time>,
    #[serde(default)]
    opaque: bool,
    #[serde(default)]
    credentials: bool,
}

/// Replies are kept for ever only if they are few.
const MAX_ENTRIES: u32 = 100;

impl From<RuntimeRule> for Rule {
    fn from(rule: RuntimeRule) -> Self {
        Self {
            urls: rule.urls.into_iter().map(|pattern| pattern.0).collect(),
            strategy: rule.strategy.into(),
            max_age: rule.max_age.map(|time| time.0),
            max_entries: rule.max_entries.unwrap_or(MAX_ENTRIES),
            max_size: rule.max_size.map(|size| size.0),
            timeout: rule.timeout.map(|time| time.0),
            opaque: rule.opaque,
            credentials: rule.credentials,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StrategyName {
    CacheFirst,
    NetworkFirst,
    StaleWhileRevalidate,
    NetworkOnly,
}

impl From<StrategyName> for Strategy {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::CacheFirst => Self::CacheFirst,
            StrategyName::NetworkFirst => Self::NetworkFirst,
            StrategyName::StaleWhileRevalidate => Self::StaleWhileRevalidate,
            StrategyName::NetworkOnly => Self::NetworkOnly,
        }
    }
}

/// `30s`, `15m`, `12h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Time(Duration);

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad = || format!("must be a time such as `30s`, `15m`, `12h` or `7d`, not `{text}`");
        let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| bad())?;
        let seconds: u64 = match &text[digits..] {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return Err(bad()),
        };
        number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs).map(Self).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The errors of a section, or nothing.
    #[track_caller]
    fn check(section: &str, expected: &[&str]) {
        let read = crate::config::read::read("planish.toml", &format!("[service_worker]\n{section}"));
        let errors = read.map(|_| ()).err().unwrap_or_default();
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(messages, expected);
    }

    #[test]
    fn times() {
        let time = |text: &str| Time::try_from(text.to_owned()).map(|time| time.0.as_secs());
        assert_eq!([time("30s"), time("15m"), time("2h"), time("7d")], [Ok(30), Ok(900), Ok(7200), Ok(604_800)]);
        for bad in ["", "7", "0s", "-1d", "1 week", "d"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rules_say_what_they_are_for() {
        check("runtime = [{ urls = ['/api/*'], strategy = 'network-first', timeout = '3s', max_size = '1MB' }]", &[]);
        check(
            "runtime = [{ urls = ['api'], strategy = 'network-first' }]",
            &[
                "`service_worker.runtime` must be paths such as `/media/*` or URLs such as `https://api.example.com/*`, not `api`",
            ],
        );
        check(
            "[[service_worker.runtime]]\nurls = ['/a']\nstrategy = 'cache-first'\nmax_ages = '1d'",
            &["`[[service_worker.runtime]]` has no key `max_ages`"],
        );
        check(
            "runtime = [{ urls = ['/a'], strategy = 'cache' }]",
            &[
                "`service_worker.runtime` must be `cache-first` or `network-first` or `stale-while-revalidate` or `network-only`, not `cache`",
            ],
        );
    }

    #[test]
    fn keys_that_would_be_without_meaning_are_refused() {
        check("inject = 'sw.ts'\nexclude = ['a.js']", &[]);
        check(
            "inject = 'sw.ts'\noffline = 'offline.html'",
            &[
                "`service_worker` must not have both `inject` and `offline`, which is the business of the worker's source",
            ],
        );
        check(
            "app_shell = ['/app/*']\nnavigation_fallback = false",
            &["`service_worker` must have a `navigation_fallback` if it has an `app_shell`"],
        );
        check("scope = 'app'", &["`service_worker.scope` must be a path such as `/app/`, not `app`"]);
    }
}
