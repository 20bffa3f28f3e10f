//! Decoding: what a file shows, upright, and whether its pixels may be encoded anew.

use crate::{colour, jpeg, png};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};
use std::io::Cursor;

/// Longest side of an image, in pixels.
const LONGEST_SIDE: u32 = 16_384;

/// Bytes that decoding one image may take.
const MOST_MEMORY: u64 = 512 << 20;

/// Pixels of the largest image that gets variants: the AVIF encoder needs about 40 bytes for each.
const MOST_PIXELS: u64 = 64_000_000;

/// The formats that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
}

impl Format {
    /// The format that a lower-case file extension stands for.
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            _ => None,
        }
    }
}

/// A decoded file.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) format: Format,
    /// Turned as the orientation says.
    pub(crate) pixels: DynamicImage,
    /// How the pixels lie in the file.
    pub(crate) orientation: Orientation,
    /// Why the pixels must not be encoded anew.
    pub(crate) obstacle: Option<Obstacle>,
}

/// What makes a lossy copy of the pixels wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The pixels are only the first picture of several.
    Animated,
    /// The numbers are not sRGB colours.
    Colours,
    /// Encoding would take too much memory.
    Size,
}

/// Why there is no picture.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The content is an image, but not of the format that the name says. Holds the extension that it should have.
    OtherFormat(&'static str),
    /// The content is damaged or too large; the text says how.
    Broken(String),
}

/// Decodes the content of a file with this extension.
pub(crate) fn decode(content: &[u8], extension: &str) -> Result<Picture, Failure> {
    let format = Format::of_extension(extension).ok_or_else(|| Failure::Broken("unknown extension".to_owned()))?;
    let expected = match format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => ImageFormat::Jpeg,
    };
    if let Ok(actual) = image::guess_format(content)
        && actual != expected
    {
        return Err(Failure::OtherFormat(actual.extensions_str().first().copied().unwrap_or("different")));
    }
    // The decoder fills what is missing of a JPEG file with grey.
    if format == Format::Jpeg && content.len() > 2 && jpeg::end_of_image(content).is_none() {
        return Err(Failure::Broken("unexpected end of file".to_owned()));
    }
    let raw = decode_pixels(content, expected).map_err(|error| Failure::Broken(in_lower_case(&error.to_string())))?;
    let obstacle = obstacle(content, format, &raw);
    let Raw { mut pixels, orientation, .. } = raw;
    pixels.apply_orientation(orientation);
    Ok(Picture { format, pixels, orientation, obstacle })
}

struct Raw {
    pixels: DynamicImage,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
}

fn decode_pixels(content: &[u8], format: ImageFormat) -> ImageResult<Raw> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    // Damaged metadata says nothing about the pixels.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().unwrap_or_default();
    Ok(Raw { pixels: DynamicImage::from_decoder(decoder)?, orientation, profile })
}

fn obstacle(content: &[u8], format: Format, raw: &Raw) -> Option<Obstacle> {
    let profile = raw.profile.as_deref();
    let (animated, srgb) = match format {
        Format::Png => (png::is_animated(content), png::is_srgb(content, profile)),
        Format::Jpeg => (false, !jpeg::is_cmyk(content) && profile.is_none_or(colour::is_srgb)),
    };
    if animated {
        Some(Obstacle::Animated)
    } else if !srgb {
        Some(Obstacle::Colours)
    } else if u64::from(raw.pixels.width()) * u64::from(raw.pixels.height()) > MOST_PIXELS {
        Some(Obstacle::Size)
    } else {
        None
    }
}

/// The decoders' messages begin with a capital.
fn in_lower_case(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
