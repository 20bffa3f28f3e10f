//! Character references in attribute values.

use std::borrow::Cow;

/// The text that an attribute value stands for. Knows the named references that occur in URLs, and all numeric ones.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    if !value.contains('&') {
        return Cow::Borrowed(value);
    }
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.find(';').and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((character, end)) => {
                result.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                result.push('&');
                rest = &rest[1..];
            }
        }
    }
    Cow::Owned(result + rest)
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" | "AMP" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "num" => Some('#'),
        "quest" => Some('?'),
        "equals" => Some('='),
        "sol" => Some('/'),
        "period" => Some('.'),
        "colon" => Some(':'),
        "comma" => Some(','),
        "lowbar" => Some('_'),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| *character != '\0')
        }
    }
}

/// Text as the value of an attribute in double quotes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded() {
        assert_eq!(decode("a&amp;b&#x26;c&#38;d"), "a&b&c&d");
        assert_eq!(decode("?a=1&b=2&unknown;&"), "?a=1&b=2&unknown;&");
    }

    #[test]
    fn escaping_is_undone_by_decoding() {
        assert_eq!(escape("a\"&<"), "a&quot;&amp;&lt;");
        assert_eq!(decode(&escape("a\"&<&amp;")), "a\"&<&amp;");
    }
}
