//! Images: PNG and JPEG files, made smaller without loss, with AVIF and WebP variants beside them.
//!
//! ```text
//! bytes -> Picture (decoded once, upright) ─┬─> the file itself, repacked   png.rs  jpeg.rs
//!                                           ├─> avif, webp                  encode.rs
//!                                           └─> a few pixels                placeholder.rs
//! ```
//!
//! Invariants, held by tests:
//! - No output is larger than the source, and a variant exists only if it is smaller than the repacked file.
//! - The repacked file has the very same pixels and looks the same: colour profiles and the EXIF orientation stay.
//! - Bytes do not depend on the number of threads.
//! - A broken file is an error, never a panic and never a half grey picture.
//!
//! Variants hold sRGB pixels without a colour profile. A picture in other colours (a Display P3 or Adobe RGB profile, CMYK) would change
//! its look, so it gets no variants and a warning. An animated PNG gets none either.

mod colour;
mod decode;
mod encode;
mod jpeg;
mod placeholder;
mod png;
#[cfg(test)]
mod tests;

use decode::{Failure, Format, Obstacle, Picture};
use planish_pipeline::asset::{Asset, AssetId, AssetOutput, Source};
use planish_pipeline::diagnostic::{Diagnostic, Outcome};
use planish_pipeline::key::{Key, KeyBuilder};
use planish_pipeline::output::OutputClass;
use planish_pipeline::plugin::{AssetPlugin, Grouping, Request};

/// What is made of each image.
#[derive(Clone, Debug)]
pub struct ImageOptions {
    /// Make an AVIF variant.
    pub avif: bool,
    /// Make a WebP variant.
    pub webp: bool,
    /// Quality of AVIF variants, 1 to 100; other numbers count as the nearest of these.
    pub avif_quality: f32,
    /// Quality of WebP variants, 0 to 100; other numbers count as the nearest of these.
    pub webp_quality: f32,
    /// Speed of the AVIF encoder, 1 (slow, small) to 10 (fast, large); other numbers count as the nearest of these.
    pub avif_speed: u8,
    /// Make the file itself smaller without loss.
    pub optimise: bool,
}

impl Default for ImageOptions {
    /// What a production build does. Of a photograph of 2 megapixels, speed 10 makes an AVIF file in 1.6 s of one core, speed 9 in 2.9 s
    /// and smaller by 18 %, speeds 4 to 8 in 5 s and no smaller.
    fn default() -> Self {
        Self { avif: true, webp: true, avif_quality: 70.0, webp_quality: 80.0, avif_speed: 10, optimise: true }
    }
}

/// The plugin for PNG and JPEG images.
#[derive(Clone, Debug)]
pub struct ImagePlugin {
    options: ImageOptions,
}

impl ImagePlugin {
    /// A plugin that does as `options` say.
    pub fn new(options: ImageOptions) -> Self {
        Self { options }
    }

    fn asset(&self, source: &Source, picture: Picture) -> Outcome<Asset> {
        let Picture { format, pixels, orientation, obstacle } = picture;
        let dimensions = (pixels.width(), pixels.height());
        let placeholder = if obstacle == Some(Obstacle::Colours) { None } else { placeholder::placeholder(&pixels) };
        let pixels =
            (obstacle.is_none() && (self.options.avif || self.options.webp)).then(|| encode::Pixels::of(pixels));
        let (original, (avif, webp)) = rayon::join(
            || self.original(source, format, orientation),
            || {
                rayon::join(
                    || pixels.as_ref().filter(|_| self.options.avif).map(|pixels| encode::avif(pixels, &self.options)),
                    || pixels.as_ref().filter(|_| self.options.webp).map(|pixels| encode::webp(pixels, &self.options)),
                )
            },
        );
        let mut diagnostics: Vec<Diagnostic> = self.about_obstacle(&source.id, obstacle).into_iter().collect();
        let mut outputs = vec![output("", &source.id.extension(), original)];
        for (variant, encoded) in [("avif", avif), ("webp", webp)] {
            match encoded {
                Some(Ok(bytes)) if Some(bytes.len()) < outputs[0].bytes.as_ref().map(Vec::len) => {
                    outputs.push(output(variant, variant, bytes));
                }
                Some(Err(reason)) => diagnostics.push(no_variants(&source.id, &format!("{variant} encoder: {reason}"))),
                _ => {}
            }
        }
        Outcome::with(Asset { outputs, dimensions: Some(dimensions), placeholder, ..Asset::default() }, diagnostics)
    }

    /// The file itself, repacked if that makes it smaller.
    fn original(&self, source: &Source, format: Format, orientation: image::metadata::Orientation) -> Vec<u8> {
        let repacked = match format {
            _ if !self.options.optimise => None,
            Format::Png => png::optimise(&source.content, orientation),
            Format::Jpeg => jpeg::strip(&source.content, orientation),
        };
        repacked.filter(|bytes| bytes.len() < source.content.len()).unwrap_or_else(|| source.content.to_vec())
    }

    fn about_obstacle(&self, id: &AssetId, obstacle: Option<Obstacle>) -> Option<Diagnostic> {
        if !self.options.avif && !self.options.webp {
            return None;
        }
        match obstacle? {
            Obstacle::Animated => None,
            Obstacle::Colours => {
                Some(no_variants(id, "its colours are not sRGB").help("convert it to the colour profile sRGB"))
            }
            Obstacle::Size => Some(no_variants(id, "it is too large").help("scale it down to less than 64 megapixels")),
        }
    }
}

impl AssetPlugin for ImagePlugin {
    fn kind(&self) -> &'static str {
        "image"
    }

    fn version(&self) -> u32 {
        2
    }

    fn options(&self) -> Key {
        let ImageOptions { avif, webp, avif_quality, webp_quality, avif_speed, optimise } = &self.options;
        KeyBuilder::new("image options", 1)
            .value(&(avif, webp, avif_quality.to_bits(), webp_quality.to_bits(), avif_speed, optimise))
            .finish()
    }

    fn accepts(&self, request: Request<'_>) -> bool {
        // Who asks for a file's bytes wants these and no others.
        let as_it_is = matches!(request.id.query(), Some("raw" | "bytes"));
        !as_it_is && Format::of_extension(&request.id.extension()).is_some()
    }

    fn grouping(&self) -> Grouping {
        Grouping::Single { class: OutputClass::Asset }
    }

    fn transform(&self, source: &Source) -> Outcome<Asset> {
        match decode::decode(&source.content, &source.id.extension()) {
            Ok(picture) => self.asset(source, picture),
            Err(Failure::OtherFormat(actual)) => Outcome::with(copied(source), vec![mislabelled(&source.id, actual)]),
            Err(Failure::Broken(reason)) => Outcome::with(Asset::default(), vec![invalid(&source.id, &reason)]),
        }
    }
}

fn output(variant: &str, extension: &str, bytes: Vec<u8>) -> AssetOutput {
    AssetOutput { variant: variant.to_owned(), extension: extension.to_owned(), bytes: Some(bytes) }
}

fn copied(source: &Source) -> Asset {
    Asset { outputs: vec![output("", &source.id.extension(), source.content.to_vec())], ..Asset::default() }
}

fn invalid(id: &AssetId, reason: &str) -> Diagnostic {
    Diagnostic::error("invalid-image", format!("`{id}` cannot be decoded: {reason}"))
        .at(id, 0..0, "")
        .help("open it in an image viewer; if it does not show there either, export it again")
}

fn mislabelled(id: &AssetId, actual: &str) -> Diagnostic {
    Diagnostic::warning("mislabelled-image", format!("`{id}` holds a {actual} image and is copied as it is"))
        .at(id, 0..0, "")
        .help(format!("name it `{}.{actual}`, or export it as its name says", id.stem()))
}

fn no_variants(id: &AssetId, reason: &str) -> Diagnostic {
    Diagnostic::warning("no-image-variants", format!("`{id}` gets no AVIF and WebP variants: {reason}")).at(
        id,
        0..0,
        "",
    )
}
