//! What a URL in a stylesheet refers to.

use planish_pipeline::resolve::is_remote;

/// A URL as written, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    /// Nothing that could be a file: `data:…`, `#shape`, an empty string.
    Inline,
    /// Another site's.
    Remote(&'a str),
    /// A file.
    File {
        /// The path, which is what is resolved.
        path: &'a str,
        /// The query and fragment with their marks, which stay in the output: `?#iefix`, `#icon`.
        suffix: &'a str,
    },
}

impl<'a> Address<'a> {
    /// Takes a URL apart.
    pub(crate) fn of(url: &'a str) -> Self {
        if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            return Self::Inline;
        }
        if is_remote(url) {
            return Self::Remote(url);
        }
        let (path, suffix) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        if path.trim().is_empty() { Self::Inline } else { Self::File { path, suffix } }
    }

    /// The dependency's specifier, if it is one.
    pub(crate) fn specifier(self) -> Option<&'a str> {
        match self {
            Self::Inline => None,
            Self::Remote(url) => Some(url),
            Self::File { path, .. } => Some(path),
        }
    }

    /// What is put back behind the new path.
    pub(crate) fn suffix(self) -> &'a str {
        match self {
            Self::File { suffix, .. } => suffix,
            Self::Inline | Self::Remote(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_apart_from_the_path() {
        assert_eq!(Address::of("font.eot?#iefix"), Address::File { path: "font.eot", suffix: "?#iefix" });
        assert_eq!(Address::of("sprite.svg#icon"), Address::File { path: "sprite.svg", suffix: "#icon" });
    }

    #[test]
    fn what_is_no_file() {
        for url in ["", "#shape", "DATA:image/png;base64,AAAA", "?x"] {
            assert_eq!(Address::of(url), Address::Inline, "{url}");
        }
        assert_eq!(Address::of("https://a.example/b?c"), Address::Remote("https://a.example/b?c"));
    }
}
