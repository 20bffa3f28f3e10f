//! PNG: what its chunks say, and the same pixels in fewer bytes.

use crate::colour;
use image::metadata::Orientation;
use oxipng::{IndexSet, Options, StripChunks};

/// oxipng's effort, 0 to 6. The next step takes twice as long: over a second for each megapixel.
const EFFORT: u8 = 2;

/// Ancillary chunks that browsers heed. oxipng's own list lacks `gAMA` and `cHRM`.
const SHOWN: [[u8; 4]; 11] =
    [*b"cICP", *b"iCCP", *b"sRGB", *b"gAMA", *b"cHRM", *b"mDCV", *b"cLLI", *b"pHYs", *b"acTL", *b"fcTL", *b"fdAT"];

/// The same pixels, packed better and without chunks that nothing shows; `None` if oxipng finds the file faulty.
pub(crate) fn optimise(content: &[u8], orientation: Orientation) -> Option<Vec<u8>> {
    let mut kept: IndexSet<[u8; 4]> = SHOWN.into_iter().collect();
    if orientation != Orientation::NoTransforms {
        kept.insert(*b"eXIf");
    }
    let options = Options { strip: StripChunks::Keep(kept), ..Options::from_preset(EFFORT) };
    oxipng::optimize_from_memory(content, &options).ok()
}

/// Whether the file holds several pictures.
pub(crate) fn is_animated(content: &[u8]) -> bool {
    find(content, b"acTL").is_some()
}

/// Whether the numbers are sRGB colours. `profile` is the file's ICC profile.
pub(crate) fn is_srgb(content: &[u8], profile: Option<&[u8]>) -> bool {
    // In the order of precedence of the PNG specification, third edition, section 4.3.
    if let Some(coding) = find(content, b"cICP") {
        return coding == [1, 13, 0, 1];
    }
    if let Some(profile) = profile {
        return colour::is_srgb(profile);
    }
    find(content, b"sRGB").is_some() || (has_srgb_gamma(content) && has_srgb_primaries(content))
}

fn has_srgb_gamma(content: &[u8]) -> bool {
    numbers(find(content, b"gAMA")).is_none_or(|gamma: [u32; 1]| gamma[0].abs_diff(45_455) < 500)
}

fn has_srgb_primaries(content: &[u8]) -> bool {
    const SRGB: [u32; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
    numbers(find(content, b"cHRM"))
        .is_none_or(|found: [u32; 8]| found.iter().zip(SRGB).all(|(a, b)| a.abs_diff(b) < 500))
}

/// The big-endian numbers of a chunk.
fn numbers<const COUNT: usize>(data: Option<&[u8]>) -> Option<[u32; COUNT]> {
    let words: Vec<u32> = data?.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect();
    words.try_into().ok()
}

/// The data of the first chunk of this name before the pixels.
fn find<'a>(content: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    const SIGNATURE: usize = 8;
    let mut rest = content.get(SIGNATURE..)?;
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let (found, data) = (rest.get(4..8)?, rest.get(8..)?.get(..length)?);
        if found == name {
            return Some(data);
        }
        if found == b"IDAT" {
            return None;
        }
        const CHECKSUM: usize = 4;
        rest = rest.get(8 + length + CHECKSUM..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut content = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, data) in [(name, data), (b"IDAT", b""), (b"acTL", b"")] {
            content.extend((data.len() as u32).to_be_bytes());
            content.extend(name.iter().chain(data).chain(b"\0\0\0\0"));
        }
        content
    }

    #[test]
    fn chunks_after_the_pixels_do_not_count() {
        assert!(is_animated(&with_chunk(b"acTL", b"\0\0\0\x01\0\0\0\0")));
        assert!(!is_animated(&with_chunk(b"tEXt", b"x")));
        assert!(!is_animated(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffacTL"));
    }

    #[test]
    fn colours_are_srgb_unless_a_chunk_says_otherwise() {
        assert!(is_srgb(&with_chunk(b"tEXt", b""), None));
        assert!(is_srgb(&with_chunk(b"gAMA", &45_455_u32.to_be_bytes()), None));
        assert!(!is_srgb(&with_chunk(b"gAMA", &100_000_u32.to_be_bytes()), None));
        assert!(is_srgb(&with_chunk(b"cICP", &[1, 13, 0, 1]), None));
        assert!(!is_srgb(&with_chunk(b"cICP", &[12, 13, 0, 1]), None));
    }
}
