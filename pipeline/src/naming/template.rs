//! What hashed names look like: `[name]-[hash].[ext]`.

use crate::key::Key;

/// A name with a hash in it. `[hash]` is the same as `[hash:8]`; `[hex:32]` has hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What comes before the hash; holds `[name]`, or what comes after does.
    before: String,
    /// What comes after the hash; ends with `.[ext]`.
    after: String,
    digits: Digits,
    length: usize,
}

/// How a hash is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    /// Six bits each.
    Base64Url,
    /// Four bits each.
    Hexadecimal,
}

impl Template {
    /// Characters of `[hash]`: 48 bits.
    const LENGTH: usize = 8;

    /// Reads a template of a file name.
    ///
    /// # Errors
    /// A message that begins with `must`, if the name, the hash or the extension is not there once, or if there is something else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let foreign = || {
            format!(
                "must use no other placeholders than `[name]`, `[hash]` or `[hex:32]`, and `[ext]`, but is `{text}`"
            )
        };
        let incomplete = || format!("must hold `[name]` and `[hash]` once and end with `.[ext]`, but is `{text}`");
        let start = ["[hash", "[hex"].iter().find_map(|open| text.find(open)).ok_or_else(incomplete)?;
        let end = start + text[start..].find(']').ok_or_else(foreign)?;
        let (kind, length) = text[start + 1..end].split_once(':').unwrap_or((&text[start + 1..end], ""));
        let digits = match kind {
            "hash" => Digits::Base64Url,
            "hex" => Digits::Hexadecimal,
            _ => return Err(foreign()),
        };
        let length = if length.is_empty() { Ok(Self::LENGTH) } else { length.parse() };
        let length = length.ok().filter(|length| (Self::LENGTH..=32).contains(length));
        let length = length.ok_or_else(|| format!("must have 8 to 32 digits in its hash, but is `{text}`"))?;
        let (before, after) = (text[..start].to_owned(), text[end + 1..].to_owned());
        let around = format!("{before}{after}");
        if around.replace("[name]", "").replace("[ext]", "").contains(['[', ']']) {
            return Err(if around.contains("[hash") || around.contains("[hex") { incomplete() } else { foreign() });
        }
        let count = |part: &str| around.matches(part).count();
        if count("[name]") != 1 || count("[ext]") != 1 || !after.ends_with(".[ext]") {
            return Err(incomplete());
        }
        Ok(Self { before, after, digits, length })
    }

    /// The digits of a key as names have them.
    pub fn hash(&self, key: &Key) -> String {
        match self.digits {
            Digits::Base64Url => key.to_name(self.length),
            Digits::Hexadecimal => key.to_hex()[..self.length].to_owned(),
        }
    }

    /// A name.
    pub fn fill(&self, name: &str, hash: &str, extension: &str) -> String {
        fill(&format!("{}{hash}{}", self.before, self.after), name, extension)
    }

    /// The name of the same file if it had no hash: without what sets the hash apart, and without Propshaft's mark of a hashed name.
    pub fn fill_without_hash(&self, name: &str, extension: &str) -> String {
        let apart = ['-', '.', '_', '~'];
        let after = self.after.strip_prefix(".digested").unwrap_or(&self.after);
        let whole = match self.before.strip_suffix(apart) {
            Some(before) => format!("{before}{after}"),
            None => format!("{}{}", self.before, after.strip_prefix(apart).unwrap_or(after)),
        };
        fill(&whole, name, extension)
    }
}

fn fill(text: &str, name: &str, extension: &str) -> String {
    // The extension first: a name may hold anything.
    text.replace("[ext]", extension).replacen("[name]", name, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, with: &str, without: &str) {
        let template = Template::parse(template).expect("it is good");
        let hash = template.hash(&Key::of_bytes(b""));
        assert_eq!(template.fill("app", &hash, "js"), with);
        assert_eq!(template.fill_without_hash("app", "js"), without);
    }

    #[test]
    fn names_with_and_without_a_hash() {
        check("[name]-[hash].[ext]", "app-rxNJufX5.js", "app.js");
        check("[name].[hash:12].[ext]", "app.rxNJufX5oaag.js", "app.js");
        check("[hash]_[name].[ext]", "rxNJufX5_app.js", "app.js");
        check("[name].min.[hash].[ext]", "app.min.rxNJufX5.js", "app.min.js");
        check("[name]-[hash].digested.[ext]", "app-rxNJufX5.digested.js", "app.js");
        check("[name]-[hex:32].[ext]", "app-af1349b9f5f9a1a6a0404dea36dcc949.js", "app.js");
    }

    #[test]
    fn bad_templates() {
        for bad in [
            "[name].[ext]",
            "[hash].[ext]",
            "[name]-[hash]",
            "[name]-[hash]-[hash].[ext]",
            "[name]-[hash:4].[ext]",
            "[name]-[hex:64].[ext]",
            "[name]-[hash:x].[ext]",
            "[name]-[hashes].[ext]",
            "[name]-[hash",
            "[name]-[hash].[ext].[dir]",
        ] {
            let message = Template::parse(bad).expect_err(bad);
            assert!(message.starts_with("must ") && message.contains(bad), "{message}");
        }
    }
}
