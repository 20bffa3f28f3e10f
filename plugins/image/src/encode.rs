//! Lossy encoders. Their bytes depend on the pixels and the options only.

use crate::ImageOptions;
use image::{DynamicImage, RgbImage, RgbaImage};
use ravif::{Encoder, Img, RGB8, RGBA8};

/// Pixels as encoders take them: 8 bits for each of three or four channels.
#[derive(Debug)]
pub(crate) enum Pixels {
    Opaque(RgbImage),
    Transparent(RgbaImage),
}

impl Pixels {
    /// The pixels of any image.
    pub(crate) fn of(image: DynamicImage) -> Self {
        if image.color().has_alpha() { Self::Transparent(image.into_rgba8()) } else { Self::Opaque(image.into_rgb8()) }
    }
}

/// An AVIF file.
pub(crate) fn avif(pixels: &Pixels, options: &ImageOptions) -> Result<Vec<u8>, String> {
    let quality = within(options.avif_quality, 1.0);
    let encoder = Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(options.avif_speed.clamp(1, 10))
        // The encoder cuts the picture into as many tiles as it has threads.
        .with_num_threads(Some(1));
    let encoded = match pixels {
        Pixels::Opaque(image) => {
            let pixels: Vec<RGB8> = image.pixels().map(|pixel| RGB8::from(pixel.0)).collect();
            encoder.encode_rgb(Img::new(&pixels, image.width() as usize, image.height() as usize))
        }
        Pixels::Transparent(image) => {
            let pixels: Vec<RGBA8> = image.pixels().map(|pixel| RGBA8::from(pixel.0)).collect();
            encoder.encode_rgba(Img::new(&pixels, image.width() as usize, image.height() as usize))
        }
    };
    encoded.map(|image| image.avif_file).map_err(|error| error.to_string())
}

/// A WebP file.
pub(crate) fn webp(pixels: &Pixels, options: &ImageOptions) -> Result<Vec<u8>, String> {
    lossy_webp(pixels, options.webp_quality)
}

/// The same with another quality, 0 to 100.
pub(crate) fn lossy_webp(pixels: &Pixels, quality: f32) -> Result<Vec<u8>, String> {
    let encoder = match pixels {
        Pixels::Opaque(image) => webp::Encoder::from_rgb(image.as_raw(), image.width(), image.height()),
        Pixels::Transparent(image) => webp::Encoder::from_rgba(image.as_raw(), image.width(), image.height()),
    };
    // libwebp's default effort (method 4), one thread.
    let encoded = encoder.encode_simple(false, within(quality, 0.0));
    encoded.map(|memory| memory.to_vec()).map_err(|error| format!("{error:?}"))
}

/// The nearest quality that there is; encoders panic on others.
fn within(quality: f32, lowest: f32) -> f32 {
    if quality.is_nan() { lowest } else { quality.clamp(lowest, 100.0) }
}
