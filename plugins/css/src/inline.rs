//! A stylesheet as a text in a script, in which URLs may be known only where the script runs.

use crate::print::CHARSET;
use planish_pipeline::plugin::Piece;

/// The parentheses make the printer put the URL between quotes, where any other can take its place.
const BEGIN: &str = "((planish:";
const END: &str = "))";

/// What stands for a URL until the stylesheet is printed.
pub(crate) fn marker(number: usize) -> String {
    format!("{BEGIN}{number}{END}")
}

/// The printed stylesheet with its URLs in their places. A text in a script has no encoding of its own.
pub(crate) fn pieces(css: &str, urls: &[String]) -> Vec<Piece> {
    let mut rest = css.strip_prefix(CHARSET).unwrap_or(css);
    let mut pieces = Vec::new();
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let marked =
            after.split_once(END).and_then(|(number, after)| Some((urls.get(number.parse::<usize>().ok()?)?, after)));
        let Some((url, after)) = marked else { break };
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Url(url.clone()));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_take_their_places() {
        let css = format!("{CHARSET}a{{b:url(\"{}#x\")}}", marker(0));
        let text = |text: &str| Piece::Text(text.to_owned());
        let expected = [text("a{b:url(\""), Piece::Url("/i.svg".to_owned()), text("#x\")}")];
        assert_eq!(pieces(&css, &["/i.svg".to_owned()]), expected);
    }
}
