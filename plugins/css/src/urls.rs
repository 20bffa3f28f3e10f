//! Every URL among a stylesheet's values.

use lightningcss::dependencies::Location;
use lightningcss::properties::custom::{Function, Token, TokenOrValue};
use lightningcss::stylesheet::StyleSheet;
use lightningcss::values::string::CowArcStr;
use lightningcss::values::url::Url;
use lightningcss::visit_types;
use lightningcss::visitor::{Visit, VisitTypes, Visitor};
use std::convert::Infallible;

/// Calls `each` with every URL and with the place before it. The strings of an `image-set()` in a custom property have no place.
pub(crate) fn each<'i>(sheet: &mut StyleSheet<'i>, each: impl FnMut(&mut CowArcStr<'i>, Option<Location>)) {
    let Ok(()) = sheet.visit(&mut Urls(each));
}

struct Urls<F>(F);

impl<'i, F: FnMut(&mut CowArcStr<'i>, Option<Location>)> Visitor<'i> for Urls<F> {
    type Error = Infallible;

    /// Lightning CSS does not count the images of an `image-set()` among what has URLs; asking for resolutions too leads there.
    fn visit_types(&self) -> VisitTypes {
        visit_types!(URLS | RESOLUTIONS | FUNCTIONS)
    }

    fn visit_url(&mut self, url: &mut Url<'i>) -> Result<(), Infallible> {
        let place = url.loc;
        self.0(&mut url.url, Some(place));
        Ok(())
    }

    fn visit_function(&mut self, function: &mut Function<'i>) -> Result<(), Infallible> {
        if ["image-set", "-webkit-image-set"].iter().any(|name| function.name.0.eq_ignore_ascii_case(name)) {
            for argument in &mut function.arguments.0 {
                if let TokenOrValue::Token(Token::String(url)) = argument {
                    self.0(url, None);
                }
            }
        }
        function.visit_children(self)
    }
}
