//! Subresource integrity: what a browser compares a file's bytes with before it uses them (W3C, "Subresource Integrity").

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha384};

/// Base64 digits of a SHA-384 hash; it needs no padding.
pub(crate) const DIGITS: usize = 64;

/// What comes before the digits.
pub(crate) const PREFIX: &str = "sha384-";

/// The value of an `integrity` attribute for a file with these bytes: `sha384-` and 64 characters.
pub fn integrity(bytes: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_openssl_says() {
        // `printf 'alert(1)' | openssl dgst -sha384 -binary | base64`
        let expected = "sha384-HT2E9NfWiuQ/w1PRai+hTyqW16NIoCGA/m8VQDUopfAtcz6YQjtsMmQd5uRbVDpW";
        assert_eq!(integrity(b"alert(1)"), expected);
        assert_eq!(expected.len(), PREFIX.len() + DIGITS);
    }
}
