//! Rules: what the worker keeps besides the release, when a page asks for it.

use crate::pattern;
use planish_pipeline::key::KeyBuilder;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What happens with requests for some URLs. Only `GET` requests are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Paths on the worker's own host (`/media/*`) or whole URLs, with `*` for any text. One without a query is for any.
    pub urls: Vec<String>,
    /// In which order the cache and the network are asked.
    pub strategy: Strategy,
    /// What was kept longer ago is not used any more.
    pub max_age: Option<Duration>,
    /// So many replies are kept, the newest.
    pub max_entries: u32,
    /// So many bytes are kept, of the newest replies.
    pub max_size: Option<u64>,
    /// So long the network may take before a kept reply is used, if there is one: for [`Strategy::NetworkFirst`].
    pub timeout: Option<Duration>,
    /// Keep replies of other hosts too that do not say what they are. They have no age and no size.
    pub opaque: bool,
    /// Keep replies too that are meant for one user.
    pub credentials: bool,
}

/// In which order the cache and the network are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The network only if the cache has nothing.
    CacheFirst,
    /// The cache only if the network fails.
    NetworkFirst,
    /// The cache, which is refreshed meanwhile.
    StaleWhileRevalidate,
    /// Never the cache: an exception to a later rule.
    NetworkOnly,
}

impl Strategy {
    fn name(self) -> &'static str {
        match self {
            Self::CacheFirst => "cache-first",
            Self::NetworkFirst => "network-first",
            Self::StaleWhileRevalidate => "stale-while-revalidate",
            Self::NetworkOnly => "network-only",
        }
    }
}

impl Rule {
    /// The rule as the worker reads it; times in milliseconds.
    pub(crate) fn to_json(&self) -> Value {
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut rule = Map::new();
        rule.insert("urls".into(), json!(pattern::expression(&self.urls)));
        rule.insert("strategy".into(), json!(self.strategy.name()));
        rule.insert("cache".into(), json!(self.cache()));
        rule.insert("entries".into(), json!(self.max_entries));
        rule.extend(self.max_age.map(|age| ("age".to_owned(), json!(milliseconds(age)))));
        rule.extend(self.max_size.map(|size| ("size".to_owned(), json!(size))));
        rule.extend(self.timeout.map(|timeout| ("timeout".to_owned(), json!(milliseconds(timeout)))));
        rule.extend(self.opaque.then(|| ("opaque".to_owned(), json!(true))));
        rule.extend(self.credentials.then(|| ("credentials".to_owned(), json!(true))));
        Value::Object(rule)
    }

    /// The name of its cache: the same as long as it is for the same URLs and may keep the same replies.
    fn cache(&self) -> String {
        let key = KeyBuilder::new("rule", 1).value(&(&self.urls, self.opaque, self.credentials)).finish();
        format!("planish-runtime-{}", key.to_name(8))
    }
}
