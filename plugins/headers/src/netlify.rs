//! `_headers`, which Netlify and Cloudflare Pages read. Both join the values of all rules that match, so nothing is said of files that are
//! not immutable: they are asked for anew each time anyway.

use crate::rules::{IMMUTABLE, Rules};

/// The text of the file.
pub(crate) fn text(rules: &Rules<'_>) -> String {
    let folders = rules.immutable_folders.iter().map(|folder| format!("{}{folder}*", rules.prefix));
    let files = rules.immutable_files.iter().map(|path| format!("{}{path}", rules.prefix));
    let mut text: String = folders.chain(files).map(|path| format!("{path}\n  Cache-Control: {IMMUTABLE}\n")).collect();
    for (page, policies) in &rules.policies {
        let headers: String = policies.headers().map(|(name, value)| format!("  {name}: {value}\n")).collect();
        let urls = rules.urls(page);
        // These hosts serve pages without the extension, too.
        let short = urls[0].strip_suffix(".html").filter(|_| urls.len() == 1).map(str::to_owned);
        text.extend(urls.iter().cloned().chain(short).map(|url| format!("{url}\n{headers}")));
    }
    text
}
