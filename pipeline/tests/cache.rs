//! The cache: damage is a miss, trouble is a warning, and the folder can be counted, checked and made smaller.

use planish_pipeline::cache::{Cache, Collected, Usage, clear, gc, stats, verify};
use planish_pipeline::diagnostic::Outcome;
use planish_pipeline::key::Key;
use planish_pipeline::task::{Task, Tasks, Written};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const TASK: Task = Task { name: "test", version: 1 };
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

fn on_disk(folder: &Path) -> Cache {
    Cache::new(Some(folder.to_owned()), false)
}

fn key(text: &str) -> Key {
    Key::of_bytes(text.as_bytes())
}

fn entry(folder: &Path, key: &Key) -> PathBuf {
    let hex = key.to_hex();
    folder.join("v2/test").join(&hex[..2]).join(hex)
}

fn put(cache: &Cache, text: &str) -> Key {
    cache.disk_put(TASK, &key(text), &text.to_owned());
    key(text)
}

fn get(cache: &Cache, text: &str) -> Option<String> {
    cache.disk_get(TASK, &key(text))
}

fn codes(cache: &Cache) -> Vec<String> {
    cache.take_warnings().into_iter().map(|warning| warning.code).collect()
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().append(true).open(path).and_then(|file| file.set_modified(time)).expect("the time can be set");
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).expect("the file exists")
}

#[test]
fn what_is_put_on_disk_is_found_by_the_next_process() {
    let folder = folder();
    put(&on_disk(folder.path()), "a");
    let next = on_disk(folder.path());
    assert_eq!(get(&next, "a").as_deref(), Some("a"));
    assert_eq!(get(&next, "b"), None);
    assert!(next.take_warnings().is_empty());
}

#[test]
fn the_folder_is_marked_for_backup_programs() {
    let folder = folder();
    on_disk(folder.path());
    let tag = fs::read_to_string(folder.path().join("CACHEDIR.TAG")).expect("there");
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
}

/// Damaged bytes for good ones.
type Damage = Box<dyn Fn(Vec<u8>) -> Vec<u8>>;

#[test]
fn a_damaged_entry_is_a_miss_that_is_counted_and_made_good() {
    let flip = |bit: usize| {
        move |mut bytes: Vec<u8>| {
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        }
    };
    let mut damages: Vec<Damage> = vec![
        Box::new(|_| Vec::new()),
        Box::new(|bytes| vec![0; bytes.len()]),
        Box::new(|bytes| bytes[..bytes.len() - 1].to_vec()),
        Box::new(|bytes| bytes[..20].to_vec()),
        Box::new(|mut bytes| {
            bytes.push(0);
            bytes
        }),
    ];
    let folder = folder();
    let cache = on_disk(folder.path());
    let path = entry(folder.path(), &put(&cache, "value"));
    let bits = fs::read(&path).expect("there").len() * 8;
    damages.extend((0..bits).map(|bit| Box::new(flip(bit)) as Damage));
    for (number, damage) in damages.iter().enumerate() {
        let good = fs::read(&path).expect("there");
        fs::write(&path, damage(good)).expect("written");
        assert_eq!(get(&cache, "value"), None, "damage {number}");
        assert!(!path.exists());
        assert_eq!(cache.damaged(), 1);
        assert_eq!(codes(&cache), ["cache-damaged"]);
        cache.flush();
        put(&cache, "value");
        assert_eq!(get(&cache, "value").as_deref(), Some("value"));
    }
}

#[test]
fn a_sound_entry_under_another_name_is_a_miss() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let (a, b) = (put(&cache, "a"), put(&cache, "b"));
    fs::copy(entry(folder.path(), &a), entry(folder.path(), &b)).expect("copied");
    assert_eq!(get(&cache, "b"), None);
    assert_eq!(get(&cache, "a").as_deref(), Some("a"));
}

#[test]
fn an_entry_of_another_type_is_a_miss() {
    let folder = folder();
    let cache = on_disk(folder.path());
    cache.disk_put(TASK, &key("a"), &7_u8);
    assert_eq!(get(&cache, "a"), None);
    assert_eq!(codes(&cache), ["cache-damaged"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_one_warning() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "mine").expect("written");
    let cache = on_disk(&file);
    put(&cache, "a");
    assert_eq!(get(&cache, "a"), None);
    let warnings = cache.take_warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "cache-unusable");
    assert!(warnings[0].message.starts_with(&format!("cannot use the cache folder `{}`: ", file.display())));
    assert!(cache.take_warnings().is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_one_warning_and_still_read() {
    let folder = folder();
    put(&on_disk(folder.path()), "a");
    let cache = on_disk(folder.path());
    // A file where the task's folder would be, which stops even the superuser.
    fs::write(folder.path().join("v2/other"), "mine").expect("written");
    for text in ["b", "c"] {
        cache.disk_put(Task { name: "other", version: 1 }, &key(text), &text.to_owned());
    }
    assert_eq!(codes(&cache), ["cache-unwritable"]);
    assert_eq!(get(&cache, "a").as_deref(), Some("a"));
    put(&cache, "d");
    assert_eq!(get(&cache, "d"), None, "writing has ended");
}

#[test]
fn without_a_folder_nothing_is_kept_on_disk() {
    let cache = Cache::new(None, false);
    put(&cache, "a");
    assert_eq!(get(&cache, "a"), None);
    cache.memory_put(&key("a"), &Arc::new(1_u8));
    assert_eq!(cache.memory_get::<u8>(&key("a")), None);
    assert!(cache.take_warnings().is_empty());
}

#[test]
fn memory_keeps_what_one_of_the_last_two_builds_used() {
    let cache = Cache::new(None, true);
    cache.memory_put(&key("used"), &Arc::new(1_u8));
    cache.memory_put(&key("unused"), &Arc::new(2_u8));
    cache.sweep(true);
    assert!(cache.memory_get::<u8>(&key("used")).is_some());
    cache.sweep(true);
    // The second build did not use it, the first did.
    assert!(cache.memory_get::<u8>(&key("used")).is_some());
    cache.sweep(true);
    cache.sweep(true);
    assert!(cache.memory_get::<u8>(&key("unused")).is_none());
    assert_eq!(cache.memory_get::<u8>(&key("used")).as_deref(), Some(&1));
    assert!(cache.memory_get::<u16>(&key("used")).is_none(), "of another type");
}

#[test]
fn parts_of_tasks_stay_in_memory_for_builds_that_do_not_ask_for_them() {
    let recall = |keeps: bool, builds: usize| {
        let cache = Arc::new(Cache::new(None, keeps));
        let tasks = Tasks::new(Arc::clone(&cache));
        let mut computed = 0;
        for _ in 0..2 {
            tasks.recall(&key("part"), || computed += 1);
            (0..builds).for_each(|_| cache.sweep(true));
        }
        computed
    };
    assert_eq!((recall(true, 20), recall(true, 100), recall(false, 1)), (1, 2, 2));
}

#[test]
fn what_an_edit_makes_is_written_only_if_it_has_to_be() {
    let folder = folder();
    let cache = Arc::new(Cache::new(Some(folder.path().to_owned()), true));
    let tasks = Tasks::new(Arc::clone(&cache));
    let is_written = |text: &str, written: Written| {
        tasks.run_key(TASK, text, &key(text), written, || Outcome::new(text.to_owned()));
        entry(folder.path(), &key(text)).exists()
    };
    assert!(is_written("first", Written::UnlessEdited));
    cache.sweep(false);
    assert!(is_written("second", Written::UnlessEdited), "nothing good has been built");
    cache.sweep(true);
    assert!(!is_written("edited", Written::UnlessEdited));
    assert!(is_written("dear", Written::Always));
}

#[test]
fn an_edit_and_its_undoing_find_the_first_value_in_memory() {
    let cache = Cache::new(None, true);
    cache.memory_put(&key("first"), &Arc::new(1_u8));
    cache.sweep(true);
    cache.memory_put(&key("edited"), &Arc::new(2_u8));
    cache.sweep(true);
    assert!(cache.memory_get::<u8>(&key("first")).is_some());
}

#[test]
fn use_is_noted_at_most_once_a_day() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let path = entry(folder.path(), &put(&cache, "a"));
    let now = SystemTime::now();
    set_modified(&path, now - DAY / 2);
    let before = modified(&path);
    get(&cache, "a").expect("there");
    assert_eq!(modified(&path), before);
    for wrong in [now - DAY * 2, now + DAY * 2] {
        set_modified(&path, wrong);
        get(&cache, "a").expect("there");
        assert!(modified(&path) >= now - Duration::from_secs(2) && modified(&path) < now + DAY);
    }
}

#[test]
fn writers_readers_and_collectors_do_not_disturb_each_other() {
    let folder = folder();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let cache = on_disk(folder.path());
            scope.spawn(move || {
                for round in 0..200 {
                    let text = format!("{}", (round * (writer + 1)) % 50).repeat(2_000);
                    put(&cache, &text);
                    if let Some(found) = get(&cache, &text) {
                        assert_eq!(found, text);
                    }
                }
                assert!(cache.take_warnings().is_empty());
            });
        }
        scope.spawn(|| {
            for _ in 0..20 {
                gc(folder.path(), 20_000).expect("collected");
                assert!(verify(folder.path()).expect("verified").bad.is_empty());
                clear(folder.path()).expect("cleared");
            }
        });
    });
    let unfinished = stats(folder.path()).expect("counted").total.count;
    assert_eq!(unfinished, verify(folder.path()).expect("verified").checked);
}

#[test]
fn entries_are_counted_by_task() {
    let folder = folder();
    let cache = on_disk(folder.path());
    put(&cache, "a");
    put(&cache, "b");
    cache.disk_put(Task { name: "other", version: 1 }, &key("c"), &0_u8);
    let stats = stats(folder.path()).expect("counted");
    // A hash of 32 bytes, a length and a letter.
    assert_eq!(stats.by_task["test"], Usage { count: 2, bytes: 68 });
    assert_eq!(stats.by_task["other"], Usage { count: 1, bytes: 33 });
    assert_eq!(stats.total, Usage { count: 3, bytes: 101 });
}

#[test]
fn verify_removes_damaged_entries_only() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let (good, bad) = (put(&cache, "good"), put(&cache, "bad"));
    let foreign = folder.path().join("v2/test/notes.txt");
    fs::write(&foreign, "mine").expect("written");
    fs::write(entry(folder.path(), &bad), "damage").expect("written");
    let verified = verify(folder.path()).expect("verified");
    assert_eq!((verified.checked, verified.bad), (2, vec![entry(folder.path(), &bad)]));
    assert!(entry(folder.path(), &good).exists() && foreign.exists() && !entry(folder.path(), &bad).exists());
}

#[test]
fn the_least_recently_used_goes_first() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let now = SystemTime::now();
    let keys: Vec<Key> = ["a", "b", "c", "d"].iter().map(|text| put(&cache, text)).collect();
    for (key, days) in keys.iter().zip([2, 4, 1, 3]) {
        set_modified(&entry(folder.path(), key), now - DAY * days);
    }
    get(&cache, "b").expect("there");
    let collected = gc(folder.path(), 70).expect("collected");
    assert_eq!(collected, Collected { removed: 2, freed: 68, kept_bytes: 68 });
    let kept: Vec<bool> = keys.iter().map(|key| entry(folder.path(), key).exists()).collect();
    assert_eq!(kept, [false, true, true, false]);
    assert_eq!(gc(folder.path(), 70).expect("collected"), Collected { removed: 0, freed: 0, kept_bytes: 68 });
}

#[test]
fn gc_removes_what_dead_processes_left() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let shard = entry(folder.path(), &put(&cache, "a")).with_file_name("");
    let (old, new) = (shard.join("0-0.tmp"), shard.join("0-1.tmp"));
    for path in [&old, &new] {
        fs::write(path, "half").expect("written");
    }
    set_modified(&old, SystemTime::now() - DAY);
    assert_eq!(gc(folder.path(), u64::MAX).expect("collected").removed, 0);
    assert!(!old.exists() && new.exists());
}

#[test]
fn clear_keeps_foreign_files() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let path = entry(folder.path(), &put(&cache, "a"));
    let foreign = ["mine.txt", "v2/mine.txt", "v2/test/mine.txt", "v1/mine.txt"].map(|name| folder.path().join(name));
    for path in &foreign {
        fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
        fs::write(path, "mine").expect("written");
    }
    clear(folder.path()).expect("cleared");
    assert!(!path.exists() && !folder.path().join("CACHEDIR.TAG").exists());
    assert!(foreign.iter().all(|path| path.exists()));
}

#[test]
fn clear_leaves_an_empty_folder_and_another_programs_tag() {
    let folder = folder();
    put(&on_disk(folder.path()), "a");
    clear(folder.path()).expect("cleared");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    fs::write(folder.path().join("CACHEDIR.TAG"), "Signature: another").expect("written");
    put(&on_disk(folder.path()), "a");
    clear(folder.path()).expect("cleared");
    assert!(folder.path().join("CACHEDIR.TAG").exists());
}

#[test]
fn a_folder_that_does_not_exist_is_empty() {
    let folder = folder().path().join("absent");
    assert_eq!(stats(&folder).expect("counted").total.count, 0);
    assert_eq!(verify(&folder).expect("verified").checked, 0);
    assert_eq!(gc(&folder, 0).expect("collected").removed, 0);
    clear(&folder).expect("cleared");
    assert!(!folder.exists());
}

/// So many small values that most are packed.
const MANY: usize = 500;

/// How many of them have files of their own.
const UNPACKED: usize = 64;

fn put_many(cache: &Cache) {
    for number in 0..MANY {
        put(cache, &format!("value {number}"));
    }
}

/// The only pack of a cache that holds them.
fn packed(folder: &Path) -> PathBuf {
    let cache = on_disk(folder);
    put_many(&cache);
    cache.flush();
    pack(folder)
}

fn pack(folder: &Path) -> PathBuf {
    let paths: Vec<PathBuf> =
        fs::read_dir(folder.join("v2/packs")).expect("there").map(|entry| entry.expect("readable").path()).collect();
    assert_eq!(paths.len(), 1);
    paths[0].clone()
}

fn found(cache: &Cache) -> usize {
    (0..MANY)
        .filter(|number| {
            let text = format!("value {number}");
            get(cache, &text).inspect(|found| assert_eq!(*found, text)).is_some()
        })
        .count()
}

#[test]
fn many_small_values_share_a_file() {
    let folder = folder();
    let cache = on_disk(folder.path());
    put_many(&cache);
    let large = put(&cache, &"large".repeat(10_000));
    assert_eq!(found(&cache), MANY, "before they are written");
    cache.flush();
    assert_eq!(found(&cache), MANY, "after");
    assert_eq!(found(&on_disk(folder.path())), MANY);
    assert!(entry(folder.path(), &large).exists());
    let files = files(folder.path());
    // They, the pack and the large one.
    assert_eq!(files.len(), UNPACKED + 2);
    let stats = stats(folder.path()).expect("counted");
    assert_eq!(stats.by_task["test"].count, MANY as u64 + 1);
    let sizes: u64 = files.iter().map(|path| fs::metadata(path).expect("there").len()).sum();
    assert_eq!((stats.total.count, stats.total.bytes), (MANY as u64 + 1, sizes));
    assert_eq!(verify(folder.path()).expect("verified").checked, MANY as u64 + 1);
    // What a next build makes after it is not packed while it is little.
    assert!(entry(folder.path(), &put(&cache, "edited")).exists());
}

/// All files of the current layout.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.join("v2")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

#[test]
fn a_large_build_writes_packs_before_it_ends() {
    let folder = folder();
    let cache = on_disk(folder.path());
    let text = |number: usize| format!("{number}").repeat(2_000);
    for number in 0..3_000 {
        put(&cache, &text(number));
    }
    let next = on_disk(folder.path());
    let written = (0..3_000).filter(|number| get(&next, &text(*number)).is_some()).count();
    assert!(written > 1_000, "{written}");
    cache.flush();
    assert!((0..3_000).all(|number| get(&on_disk(folder.path()), &text(number)).is_some()));
}

#[test]
fn a_damaged_pack_costs_its_entries_and_nothing_else() {
    let folder = folder();
    let good = fs::read(packed(folder.path())).expect("there");
    let path = pack(folder.path());
    for damage in 0..200 {
        let mut bytes = good.clone();
        match damage {
            0 => bytes.clear(),
            1 => bytes.push(0),
            2 => bytes.truncate(good.len() - 1),
            3 => bytes.fill(0),
            4 => bytes.truncate(3),
            _ => bytes[damage * 7_919 % good.len()] ^= 1 << (damage % 8),
        }
        fs::write(&path, bytes).expect("written");
        let cache = on_disk(folder.path());
        let left = found(&cache);
        assert!(left < MANY, "damage {damage}");
        assert!(!path.exists());
        assert_eq!(codes(&cache), ["cache-damaged"]);
        assert_eq!(found(&on_disk(folder.path())), UNPACKED, "damage {damage}");
        // The same values are the same pack again, whoever writes them.
        assert_eq!(packed(folder.path()), path);
        assert_eq!(fs::read(&path).expect("there"), good);
    }
    fs::write(&path, &good[..good.len() - 1]).expect("written");
    assert_eq!(verify(folder.path()).expect("verified").bad, std::slice::from_ref(&path));
    assert!(!path.exists());
}

#[test]
fn a_pack_under_another_name_is_damaged() {
    let folder = folder();
    let path = packed(folder.path());
    fs::rename(&path, path.with_file_name(key("another").to_hex())).expect("renamed");
    let cache = on_disk(folder.path());
    assert!(found(&cache) < MANY);
    assert_eq!(codes(&cache), ["cache-damaged"]);
}

#[test]
fn a_pack_is_used_and_collected_as_a_whole() {
    let folder = folder();
    let path = packed(folder.path());
    let size = fs::metadata(&path).expect("there").len();
    let now = SystemTime::now();
    for file in files(folder.path()) {
        set_modified(&file, now - DAY * if file == path { 3 } else { 2 });
    }
    let cache = on_disk(folder.path());
    assert_eq!(found(&cache), MANY);
    assert!(modified(&path) >= now - Duration::from_secs(2));
    set_modified(&path, now - DAY * 3);
    let total = stats(folder.path()).expect("counted").total.bytes;
    let collected = gc(folder.path(), total - 1).expect("collected");
    let packed = (MANY - UNPACKED) as u64;
    assert_eq!(collected, Collected { removed: packed, freed: size, kept_bytes: total - size });
    assert!(!path.exists());
    // Whoever has it open still reads it, and others do without.
    assert_eq!(found(&cache), MANY);
    assert_eq!(found(&on_disk(folder.path())), UNPACKED);
}

#[test]
fn what_is_too_large_to_be_kept_takes_nothing_with_it() {
    let folder = folder();
    let path = packed(folder.path());
    let size = fs::metadata(&path).expect("there").len();
    set_modified(&path, SystemTime::now() + DAY / 2);
    let collected = gc(folder.path(), size - 1).expect("collected");
    assert_eq!(collected.removed, (MANY - UNPACKED) as u64);
    assert_eq!(found(&on_disk(folder.path())), UNPACKED);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_keeps_few_of_many_packs_open() {
    let folder = folder();
    let text = |pack: usize, number: usize| format!("value {number} of {pack}");
    for pack in 0..60 {
        let cache = on_disk(folder.path());
        for number in 0..UNPACKED + 10 {
            put(&cache, &text(pack, number));
        }
        cache.flush();
    }
    let cache = on_disk(folder.path());
    let open = || fs::read_dir("/proc/self/fd").expect("there").count();
    let before = open();
    for _ in 0..2 {
        assert!((0..60).all(|pack| get(&cache, &text(pack, UNPACKED + 5)).is_some()));
    }
    assert!(open() - before < 40, "{}", open() - before);
}
