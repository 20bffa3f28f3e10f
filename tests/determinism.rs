//! The same input gives the same bytes: whatever the folder, the number of threads, the order of work, the clock and the locale.

mod support;

use support::{Site, Tree, run, small_storefront, storefront};

/// A cold build in the site's folder with a number of threads; all that is in the output folder.
#[track_caller]
fn cold(site: &Site, threads: &str, arguments: &[&str]) -> Tree {
    let mut command = site.command(&[&["build", "--no-cache"], arguments].concat());
    command.env("RAYON_NUM_THREADS", threads);
    run(command).good();
    site.tree("dist")
}

#[test]
fn the_storefront_is_the_same_from_two_folders_with_one_thread_and_with_four() {
    // With four, see there; perhaps from the cache, which then holds what another folder's build put there.
    let (with_four, _) = storefront();
    let with_one = Site::copy_of("storefront");
    let expected = with_four.tree("dist");
    assert!(expected.paths().count() > 100, "the whole site is compared");
    assert!(expected.ending(".map").len() > 10 && expected.ending(".avif").len() > 10 && expected.has("sw.js"));
    cold(&with_one, "1", &[]).assert_same(&expected);
}

#[test]
fn cold_builds_are_the_same_with_any_number_of_threads() {
    let site = small_storefront();
    let expected = cold(&site, "1", &[]);
    for threads in ["2", "4", "8"] {
        let other = small_storefront();
        cold(&other, threads, &[]).assert_same(&expected);
    }
}

#[test]
fn the_flag_for_threads_changes_nothing() {
    let site = small_storefront();
    let expected = cold(&site, "1", &["--jobs", "1"]);
    let other = small_storefront();
    cold(&other, "1", &["--jobs", "5"]).assert_same(&expected);
}

#[test]
fn development_builds_are_the_same_too() {
    let (site, other) = (small_storefront(), small_storefront());
    let expected = cold(&site, "1", &["--mode", "development"]);
    cold(&other, "4", &["--mode", "development"]).assert_same(&expected);
}

#[test]
fn the_way_to_the_root_the_clock_and_the_locale_change_nothing() {
    let (site, other) = (small_storefront(), small_storefront());
    let expected = cold(&site, "2", &[]);
    let root = other.root().to_str().expect("the path is UTF-8");
    let mut command = other.command(&["build", root, "--no-cache", "--out", "elsewhere/deep/inside"]);
    command.current_dir(other.path("src/styles"));
    command.envs([("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("HOME", "/")]);
    run(command).good();
    other.tree("src/styles/elsewhere/deep/inside").assert_same(&expected);
}

#[test]
fn a_change_changes_the_bytes() {
    // Without this, a build that wrote the same thing always would pass all the above.
    let site = small_storefront();
    let before = cold(&site, "2", &[]);
    site.edit("src/styles/cards.css", "#2c3c4a", "#2c3c4b");
    let after = cold(&site, "2", &[]);
    assert!(!before.differences(&after).is_empty());
}
