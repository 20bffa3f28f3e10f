//! What a page shows where a picture will be: a few pixels of it, which browsers blur as they scale them up.

use crate::encode::{Pixels, lossy_webp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::DynamicImage;

/// Pixels of the longer side. With 16 most photographs take 100 to 200 characters.
const SIDE: u32 = 16;

/// Of 100: an edge or a shade less cannot be seen in so few pixels.
const QUALITY: f32 = 40.0;

/// A WebP file as a `data:` URL; none for a picture that is hardly larger itself.
pub(crate) fn placeholder(picture: &DynamicImage) -> Option<String> {
    if picture.width().max(picture.height()) <= 2 * SIDE {
        return None;
    }
    let file = lossy_webp(&Pixels::of(picture.thumbnail(SIDE, SIDE)), QUALITY).ok()?;
    Some(format!("data:image/webp;base64,{}", STANDARD.encode(file)))
}
