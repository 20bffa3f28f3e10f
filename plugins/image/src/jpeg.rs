//! JPEG: where its picture ends, and the same coefficients without the metadata.

use image::metadata::Orientation;
use img_parts::jpeg::{Jpeg, JpegSegment};
use img_parts::{Bytes, ImageEXIF};

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const APPLICATION_0: u8 = 0xE0;
const APPLICATION_2: u8 = 0xE2;
const APPLICATION_14: u8 = 0xEE;
const APPLICATION_15: u8 = 0xEF;
const COMMENT: u8 = 0xFE;

/// The file without what nothing shows: EXIF (and with it the place where a photograph was taken), XMP, comments, thumbnails, anything
/// behind the picture. Colour profiles stay, and the orientation. `None` if the file is faulty.
pub(crate) fn strip(content: &[u8], orientation: Orientation) -> Option<Vec<u8>> {
    let mut jpeg = Jpeg::from_bytes(Bytes::copy_from_slice(content)).ok()?;
    // A file of several pictures (an HDR gain map behind the main one) needs its XMP and what is behind the first picture.
    if !jpeg.segments().iter().any(holds_index_of_pictures) {
        jpeg = Jpeg::from_bytes(Bytes::copy_from_slice(content.get(..end_of_image(content)?)?)).ok()?;
        jpeg.segments_mut().retain(is_shown);
    }
    jpeg.set_exif((orientation != Orientation::NoTransforms).then(|| minimal_exif(orientation)));
    Some(jpeg.encoder().bytes().to_vec())
}

fn holds_index_of_pictures(segment: &JpegSegment) -> bool {
    segment.marker() == APPLICATION_2 && segment.contents().starts_with(b"MPF\0")
}

fn is_shown(segment: &JpegSegment) -> bool {
    match segment.marker() {
        APPLICATION_0 => segment.contents().starts_with(b"JFIF\0"),
        APPLICATION_2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
        // Says how the colours are coded.
        APPLICATION_14 => segment.contents().starts_with(b"Adobe"),
        APPLICATION_0..=APPLICATION_15 | COMMENT => false,
        _ => true,
    }
}

/// EXIF with the orientation and nothing else.
fn minimal_exif(orientation: Orientation) -> Bytes {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation.to_exif(), 0, 0, 0, 0, 0, 0]);
    exif.into()
}

/// Whether the colours are CMYK, which every decoder turns into RGB in its own way.
pub(crate) fn is_cmyk(content: &[u8]) -> bool {
    let Ok(jpeg) = Jpeg::from_bytes(Bytes::copy_from_slice(content)) else { return false };
    let is_frame_header = |marker: u8| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
    let components = jpeg.segments().iter().find(|segment| is_frame_header(segment.marker())).and_then(|header| {
        // After the precision, the height and the width.
        header.contents().get(5).copied()
    });
    components == Some(4)
}

/// The offset behind the end of the first picture; `None` if the file ends before.
pub(crate) fn end_of_image(content: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        // Within coded data, 0xFF is followed by zero or is a restart marker. Elsewhere it begins a marker or fills a gap.
        at += content.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        at += match *content.get(at + 1)? {
            END_OF_IMAGE => return Some(at + 2),
            0xFF => 1,
            0x00 | 0x01 | 0xD0..=0xD7 | START_OF_IMAGE => 2,
            _ => 2 + usize::from(u16::from_be_bytes([*content.get(at + 2)?, *content.get(at + 3)?])),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_within_segments_and_coded_data_do_not_end_a_picture() {
        let segment = [0xFF, 0xE1, 0, 4, 0xFF, 0xD9];
        let scan = [0xFF, 0xDA, 0, 2, 1, 0xFF, 0x00, 0xFF, 0xD0, 2];
        let mut content = [&[0xFF, 0xD8], &segment[..], &scan[..]].concat();
        assert_eq!(end_of_image(&content), None);
        content.extend([0xFF, 0xD9, 7, 7]);
        assert_eq!(end_of_image(&content), Some(content.len() - 2));
    }
}
