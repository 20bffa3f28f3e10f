//! Encoding one photograph of a megapixel, each format alone.

use criterion::Criterion;
use image::{ImageFormat, Rgb, RgbImage};
use planish_pipeline::asset::{AssetId, PackageFacts, Source};
use planish_pipeline::key::Key;
use planish_pipeline::plugin::AssetPlugin;
use planish_plugins::image::{ImageOptions, ImagePlugin};
use std::io::Cursor;
use std::path::PathBuf;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion) {
    let none = ImageOptions { avif: false, webp: false, optimise: false, ..ImageOptions::default() };
    let cases = [
        ("decode", none.clone()),
        ("avif", ImageOptions { avif: true, ..none.clone() }),
        ("webp", ImageOptions { webp: true, ..none.clone() }),
        ("png", ImageOptions { optimise: true, ..none }),
    ];
    let source = photograph(1_200, 840);
    let mut group = criterion.benchmark_group("image");
    group.sample_size(10);
    for (name, options) in cases {
        let variants = usize::from(options.avif) + usize::from(options.webp);
        let plugin = ImagePlugin::new(options);
        assert_eq!(plugin.transform(&source).value.outputs.len(), 1 + variants, "{name} is made");
        group.bench_function(name, |bencher| bencher.iter(|| plugin.transform(&source)));
    }
    group.finish();
}

/// A PNG file of hills before an evening sky, with the grain of a camera.
fn photograph(width: u32, height: u32) -> Source {
    let mut state = 1_u32;
    let mut grain = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 29) as f32
    };
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (across, down) = (x as f32 / width as f32, y as f32 / height as f32);
        let hill = 0.6 + 0.1 * (across * 9.0).sin() + 0.03 * (across * 41.0).sin();
        let colour = if down < hill {
            [90.0 + 140.0 * down, 110.0 + 40.0 * across, 200.0 - 120.0 * down]
        } else {
            let light = ((across * 160.0).sin() * (down * 130.0).cos() + 1.0) * 20.0;
            [30.0 + light, 60.0 + 60.0 * (1.0 - down) + light, 30.0]
        };
        Rgb(colour.map(|value| (value + grain()) as u8))
    });
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).expect("memory takes all");
    let content = file.into_inner();
    Source {
        id: AssetId::new("photograph.png"),
        path: PathBuf::from("photograph.png"),
        hash: Key::of_bytes(&content),
        content: content.into(),
        package: PackageFacts::default(),
    }
}
