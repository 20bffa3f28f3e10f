//! The plugin as the engine sees it.

use crate::colour::tests::{DISPLAY_P3, GAMMA_2_2, profile};
use crate::{ImageOptions, ImagePlugin};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage};
use planish_pipeline::asset::{Asset, AssetId, PackageFacts, Source};
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::key::Key;
use planish_pipeline::plugin::{AssetPlugin, Request};
use std::io::Cursor;
use std::path::PathBuf;

fn source(name: &str, content: Vec<u8>) -> Source {
    Source {
        id: AssetId::new(name),
        path: PathBuf::from(name),
        hash: Key::of_bytes(&content),
        content: content.into(),
        package: PackageFacts::default(),
    }
}

fn transform(name: &str, content: Vec<u8>) -> Outcome<Asset> {
    ImagePlugin::new(ImageOptions::default()).transform(&source(name, content))
}

fn variants(asset: &Asset) -> Vec<&str> {
    asset.outputs.iter().map(|output| output.variant.as_str()).collect()
}

fn bytes<'a>(asset: &'a Asset, variant: &str) -> &'a [u8] {
    let output = asset.outputs.iter().find(|output| output.variant == variant).expect("the variant was made");
    output.bytes.as_deref().expect("images are made at once")
}

fn codes(outcome: &Outcome<Asset>) -> Vec<&str> {
    outcome.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

/// Smooth with a little noise, as photographs are; wider than high, and light only at the top left.
fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 7 & 7;
        let light = 240_u32.saturating_sub(x * 120 / width + y * 110 / height);
        Rgb([(light + noise) as u8, (light / 2 + noise) as u8, (x * 200 / width) as u8])
    })
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.into().write_to(&mut file, ImageFormat::Png).expect("memory takes all");
    file.into_inner()
}

fn jpeg(image: &RgbImage, prepare: impl FnOnce(&mut JpegEncoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 92);
    prepare(&mut encoder);
    encoder.encode_image(image).expect("memory takes all");
    file
}

fn exif(orientation: Orientation) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation.to_exif(), 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS: 52.5 N 13.4 E");
    exif
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn takes_what_it_can_decode() {
    let plugin = ImagePlugin::new(ImageOptions::default());
    let accepts = |name: &str| plugin.accepts(Request { id: &AssetId::new(name), kind: None, attribute: None });
    assert!(accepts("a.png") && accepts("a.JPG") && accepts("b/a.jpeg"));
    assert!(accepts("a.png?url") && !accepts("a.png?bytes"));
    assert!(!accepts("a.svg") && !accepts("a.gif") && !accepts("a.webp") && !accepts("png"));
}

#[test]
fn a_photograph_gets_smaller_variants() {
    let content = png(photograph(320, 200));
    let outcome = transform("a.png", content.clone());
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    let asset = &outcome.value;
    assert_eq!(variants(asset), ["", "avif", "webp"]);
    assert_eq!(asset.dimensions, Some((320, 200)));
    assert!(bytes(asset, "").len() <= content.len());
    assert!(bytes(asset, "avif").len() < bytes(asset, "").len());
    assert_eq!(&bytes(asset, "avif")[4..12], b"ftypavif");
    assert_eq!(image::guess_format(bytes(asset, "webp")).expect("an image"), ImageFormat::WebP);
}

#[test]
fn optimising_a_png_changes_no_pixel() {
    let picture = photograph(64, 64);
    let asset = transform("a.png", png(picture.clone())).value;
    assert_eq!(image::load_from_memory(bytes(&asset, "")).expect("an image").into_rgb8(), picture);
}

#[test]
fn transparency_survives() {
    let mut picture = DynamicImage::from(photograph(96, 64)).into_rgba8();
    picture.enumerate_pixels_mut().for_each(|(x, _, pixel)| pixel[3] = if x < 48 { 0 } else { 255 });
    let asset = transform("a.png", png(picture)).value;
    let webp = image::load_from_memory(bytes(&asset, "webp")).expect("an image").into_rgba8();
    assert_eq!((webp.get_pixel(4, 30)[3], webp.get_pixel(90, 30)[3]), (0, 255));
}

#[test]
fn variants_of_a_single_pixel_are_not_larger_either() {
    let outcome = transform("a.png", png(RgbImage::from_pixel(1, 1, Rgb([1, 2, 3]))));
    assert!(outcome.diagnostics.is_empty());
    assert_eq!(outcome.value.dimensions, Some((1, 1)));
    let size = bytes(&outcome.value, "").len();
    assert!(
        outcome.value.outputs[1..].iter().all(|output| output.bytes.as_ref().is_some_and(|bytes| bytes.len() < size))
    );
    assert!(!variants(&outcome.value).contains(&"avif"));
}

#[test]
fn truncated_files_are_errors() {
    let picture = photograph(64, 48);
    for (name, whole) in [("a.png", png(picture.clone())), ("a.jpg", jpeg(&picture, |_| {}))] {
        for length in [0, 1, 2, 7, 20, whole.len() / 2, whole.len() - 20] {
            let outcome = transform(name, whole[..length].to_vec());
            assert_eq!(codes(&outcome), ["invalid-image"], "{name} {length}");
            assert!(outcome.value.outputs.is_empty());
            let message = &outcome.diagnostics[0].message;
            assert!(message.starts_with(&format!("`{name}` cannot be decoded: ")), "{message}");
            assert_eq!(outcome.diagnostics[0].labels[0].range, 0..0);
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let picture = photograph(24, 16);
    for (name, whole) in [("a.png", png(picture.clone())), ("a.jpg", jpeg(&picture, |_| {}))] {
        for at in 0..whole.len() {
            let mut content = whole.clone();
            content[at] ^= 0xA5;
            let options = ImageOptions { avif: false, webp: false, ..ImageOptions::default() };
            ImagePlugin::new(options).transform(&source(name, content));
        }
    }
}

#[test]
fn a_huge_image_is_refused_before_it_takes_memory() {
    let mut content = png(RgbImage::from_pixel(1, 1, Rgb([0; 3])));
    content[16..24].copy_from_slice(&[0, 0, 0x40, 1, 0, 0, 0, 1]);
    assert_eq!(codes(&transform("a.png", content)), ["invalid-image"]);
}

#[test]
fn the_orientation_is_applied_to_variants_and_kept_in_the_file() {
    let picture = photograph(120, 80);
    let content = jpeg(&picture, |encoder| {
        encoder.set_exif_metadata(exif(Orientation::Rotate90)).expect("JPEG holds EXIF");
    });
    let asset = transform("a.jpg", content).value;
    assert_eq!(asset.dimensions, Some((80, 120)));
    let webp = image::load_from_memory(bytes(&asset, "webp")).expect("an image").into_rgb8();
    assert_eq!(webp.dimensions(), (80, 120));
    // The light corner at the top left comes to the top right.
    assert!(webp.get_pixel(75, 4)[0] > 200 && webp.get_pixel(4, 115)[0] < 200, "turned the right way");
    let stripped = bytes(&asset, "");
    assert!(!contains(stripped, b"GPS"), "places are private");
    let mut decoder = image::codecs::jpeg::JpegDecoder::new(Cursor::new(stripped)).expect("a JPEG file");
    assert_eq!(image::ImageDecoder::orientation(&mut decoder).expect("metadata"), Orientation::Rotate90);
}

#[test]
fn metadata_is_stripped_from_jpeg_without_loss() {
    let picture = photograph(64, 64);
    let plain = jpeg(&picture, |_| {});
    let mut content = jpeg(&picture, |encoder| {
        encoder.set_exif_metadata(exif(Orientation::NoTransforms)).expect("JPEG holds EXIF");
    });
    content.splice(2..2, *b"\xFF\xFE\0\x08secret");
    content.extend(b"a film behind the picture");
    let asset = transform("a.jpg", content).value;
    let stripped = bytes(&asset, "");
    assert!(!contains(stripped, b"Exif") && !contains(stripped, b"secret") && !contains(stripped, b"film"));
    assert_eq!(
        image::load_from_memory(stripped).expect("an image"),
        image::load_from_memory(&plain).expect("an image")
    );
}

#[test]
fn other_colours_than_srgb_get_a_warning_and_no_variants() {
    let profile = profile(DISPLAY_P3, GAMMA_2_2);
    let picture = photograph(120, 80);
    let photo = jpeg(&picture, |encoder| encoder.set_icc_profile(profile.clone()).expect("JPEG holds profiles"));
    let mut drawing = Vec::new();
    let mut encoder = PngEncoder::new(&mut drawing);
    encoder.set_icc_profile(profile.clone()).expect("PNG holds profiles");
    encoder.write_image(&picture, 120, 80, image::ExtendedColorType::Rgb8).expect("memory takes all");
    for (name, content) in [("a.jpg", photo), ("a.png", drawing)] {
        let outcome = transform(name, content);
        assert_eq!(variants(&outcome.value), [""], "{name}");
        assert_eq!(codes(&outcome), ["no-image-variants"], "{name}");
        let mut decoder = image::ImageReader::new(Cursor::new(bytes(&outcome.value, "")))
            .with_guessed_format()
            .expect("memory can be read")
            .into_decoder()
            .expect("an image");
        assert_eq!(
            image::ImageDecoder::icc_profile(&mut decoder).expect("metadata").as_deref(),
            Some(&profile[..]),
            "{name}"
        );
    }
}

#[test]
fn an_animated_png_keeps_its_pictures() {
    let mut content = png(photograph(32, 32));
    let control = [&b"acTL"[..], &1_u32.to_be_bytes(), &0_u32.to_be_bytes()].concat();
    let mut frame = b"fcTL".to_vec();
    [0_u32, 32, 32, 0, 0].iter().for_each(|number| frame.extend(number.to_be_bytes()));
    frame.extend([0, 1, 0, 10, 0, 0]);
    let chunks: Vec<u8> = [control, frame]
        .iter()
        .flat_map(|chunk| [&(chunk.len() as u32 - 4).to_be_bytes()[..], chunk, &checksum(chunk).to_be_bytes()].concat())
        .collect();
    content.splice(33..33, chunks);
    let outcome = transform("a.png", content);
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    assert_eq!(variants(&outcome.value), [""]);
    assert!(contains(bytes(&outcome.value, ""), b"acTL"));
}

/// CRC-32 as PNG has it.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[test]
fn an_image_of_another_format_is_copied_with_a_warning() {
    let content = png(photograph(8, 8));
    let outcome = transform("a.jpg", content.clone());
    assert_eq!(codes(&outcome), ["mislabelled-image"]);
    assert_eq!(bytes(&outcome.value, ""), content);
}

#[test]
fn without_options_the_file_stays_as_it_is() {
    let content = png(photograph(64, 64));
    let options = ImageOptions { avif: false, webp: false, optimise: false, ..ImageOptions::default() };
    let asset = ImagePlugin::new(options).transform(&source("a.png", content.clone())).value;
    assert_eq!(variants(&asset), [""]);
    assert_eq!(bytes(&asset, ""), content);
}

#[test]
fn impossible_options_count_as_the_nearest_possible_ones() {
    let transform = |quality, avif_speed| {
        let options =
            ImageOptions { avif_quality: quality, webp_quality: quality, avif_speed, ..ImageOptions::default() };
        ImagePlugin::new(options).transform(&source("a.png", png(photograph(48, 32)))).value.outputs
    };
    assert_eq!(transform(f32::NAN, 0), transform(-3.0, 1));
    assert_eq!(transform(1e9, 99), transform(100.0, 10));
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let contents = [("a.png", png(photograph(300, 220))), ("a.jpg", jpeg(&photograph(300, 220), |_| {}))];
    for (name, content) in contents {
        let build = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be made");
            pool.install(|| transform(name, content.clone())).value.outputs
        };
        assert_eq!(build(1), build(4), "{name}");
    }
}

#[test]
fn every_option_is_in_the_key() {
    let key = |change: fn(&mut ImageOptions)| {
        let mut options = ImageOptions::default();
        change(&mut options);
        ImagePlugin::new(options).options()
    };
    let keys = [
        key(|_| {}),
        key(|options| options.avif = false),
        key(|options| options.webp = false),
        key(|options| options.avif_quality = 33.0),
        key(|options| options.webp_quality = 33.0),
        key(|options| options.avif_speed = 3),
        key(|options| options.optimise = false),
    ];
    for (at, one) in keys.iter().enumerate() {
        assert!(keys[at + 1..].iter().all(|other| other != one), "{at}");
    }
}

#[test]
fn a_placeholder_is_a_few_pixels_with_the_colours_of_the_picture() {
    let picture = photograph(400, 200);
    let asset = transform("a.png", png(picture.clone())).value;
    let url = asset.placeholder.expect("a large picture has one");
    assert!(url.len() < 300, "{} characters: {url}", url.len());
    let file = url.strip_prefix("data:image/webp;base64,").expect("a WebP file");
    let file = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, file).expect("base 64");
    let small = image::load_from_memory(&file).expect("an image").into_rgb8();
    assert_eq!(small.dimensions(), (16, 8));
    // The same places, far from the edges that scaling blurs.
    for (x, y) in [(2, 1), (13, 1), (8, 4), (2, 6), (13, 6)] {
        let (large, small) = (picture.get_pixel(x * 25 + 12, y * 25 + 12), small.get_pixel(x, y));
        let far = large.0.iter().zip(small.0).any(|(large, small)| large.abs_diff(small) > 24);
        assert!(!far, "{large:?} became {small:?} at {x}, {y}");
    }
}

#[test]
fn what_is_small_or_of_other_colours_has_no_placeholder() {
    assert_eq!(transform("icon.png", png(photograph(32, 32))).value.placeholder, None);
    let p3 = jpeg(&photograph(64, 64), |encoder| {
        encoder.set_icc_profile(profile(DISPLAY_P3, GAMMA_2_2)).expect("JPEG has profiles");
    });
    assert_eq!(transform("wide.jpg", p3).value.placeholder, None);
}
