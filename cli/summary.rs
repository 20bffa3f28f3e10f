//! What a build wrote, as a table.

use crate::terminal::{Paint, Tone};
use planish_pipeline::output::OutputClass;
use planish_pipeline::session::{BuildResult, WrittenFile};
use planish_pipeline::task::{RunLog, TaskCount};
use std::collections::BTreeMap;
use std::time::Duration;

/// More files than these are not listed one by one.
const MAX_ROWS: usize = 40;

/// A line for each file with its sizes, then [`line`].
pub(crate) fn table(result: &BuildResult, out: &str, duration: Duration, paint: Paint) -> String {
    let sizes: BTreeMap<&str, usize> = result.files.iter().map(|file| (file.path.as_str(), file.size)).collect();
    let all: Vec<&WrittenFile> = result.files.iter().filter(|file| file.class != OutputClass::Compressed).collect();
    let rows = most_telling(&all);
    let name = |file: &WrittenFile| format!("{out}/{}", file.path);
    let width = rows.iter().map(|file| name(file).chars().count()).max().unwrap_or(0);
    let has = |suffix: &str| rows.iter().any(|file| sizes.contains_key(format!("{}{suffix}", file.path).as_str()));
    let siblings: Vec<(&str, &str)> =
        [(".gz", "gzip"), (".br", "brotli")].into_iter().filter(|(suffix, _)| has(suffix)).collect();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|file| {
            let cells: String = siblings
                .iter()
                .map(|(suffix, name)| match sizes.get(format!("{}{suffix}", file.path).as_str()) {
                    Some(size) => format!("   {name} {:>9}", bytes(*size)),
                    None => " ".repeat(name.len() + 13),
                })
                .collect();
            let name = format!("{:<width$}", name(file));
            let cells = paint.text(Tone::Faint, cells.trim_end());
            format!("{name}  {:>9}{cells}", bytes(file.size))
        })
        .collect();
    if rows.len() < all.len() {
        lines.push(paint.text(Tone::Faint, &format!("… and {} other files", all.len() - rows.len())));
    }
    lines.push(line(result, duration, paint));
    lines.join("\n")
}

/// One line: `14 files, 1.2 MB (3 written) in 1.2 s; 40 of 52 tasks reused`.
pub(crate) fn line(result: &BuildResult, duration: Duration, paint: Paint) -> String {
    let total: usize = result.files.iter().map(|file| file.size).sum();
    let files = match result.files.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let head = paint.text(Tone::Good, &files);
    format!("{head}, {} ({} written) in {}; {}", bytes(total), result.written, seconds(duration), reuse(&result.log))
}

/// Pages and code before the rest, and of the same kind the largest.
fn most_telling<'a>(files: &[&'a WrittenFile]) -> Vec<&'a WrittenFile> {
    let rank = |file: &WrittenFile| match file.class {
        OutputClass::Document | OutputClass::Script | OutputClass::Style => 0,
        OutputClass::SourceMap | OutputClass::Licences => 2,
        _ => 1,
    };
    let mut rows = files.to_vec();
    rows.sort_by(|a, b| (rank(a), b.size, &a.path).cmp(&(rank(b), a.size, &b.path)));
    rows.truncate(MAX_ROWS);
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    rows
}

fn reuse(log: &RunLog) -> String {
    let sum = |count: fn(&TaskCount) -> usize| log.counts.values().map(count).sum::<usize>();
    let (ran, reused) = (sum(|count| count.ran), sum(|count| count.memory + count.disk));
    format!("{reused} of {} tasks reused", ran + reused)
}

/// `950 B`, `12.3 kB`, `1.2 MB`.
pub(crate) fn bytes(count: usize) -> String {
    let number = count as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..999_950 => format!("{:.1} kB", number / 1e3),
        999_950..999_950_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}

/// `35 ms`, `1.25 s`, `2 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.2} s", duration.as_secs_f64()),
        _ => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, class: OutputClass, size: usize) -> WrittenFile {
        WrittenFile { path: path.to_owned(), class, size }
    }

    #[test]
    fn siblings_are_columns_and_the_last_line_sums_up() {
        let mut log = RunLog::default();
        log.counts.insert("transform".into(), TaskCount { ran: 1, memory: 0, disk: 2 });
        log.counts.insert("gzip".into(), TaskCount { ran: 0, memory: 4, disk: 0 });
        let files = vec![
            file("a.png", OutputClass::Asset, 950),
            file("index.html", OutputClass::Document, 12_345),
            file("index.html.br", OutputClass::Compressed, 3_000),
            file("index.html.gz", OutputClass::Compressed, 4_000),
            file("m.js", OutputClass::Script, 2_000_000),
            file("m.js.gz", OutputClass::Compressed, 500_000),
        ];
        let result = BuildResult { files, written: 2, log, ..BuildResult::default() };
        let expected = "\
dist/a.png           950 B
dist/index.html    12.3 kB   gzip    4.0 kB   brotli    3.0 kB
dist/m.js           2.0 MB   gzip  500.0 kB
6 files, 2.5 MB (2 written) in 1.25 s; 6 of 7 tasks reused";
        assert_eq!(table(&result, "dist", Duration::from_millis(1250), Paint::default()), expected);
    }

    #[test]
    fn of_many_files_the_pages_the_code_and_the_largest_are_listed() {
        let image = |number: usize| file(&format!("{number:02}.png"), OutputClass::Asset, number);
        let files = (0..60).map(image).chain([file("x.css", OutputClass::Style, 1)]).collect();
        let text = table(&BuildResult { files, ..BuildResult::default() }, "d", Duration::ZERO, Paint::default());
        assert!(
            text.starts_with("d/21.png") && text.contains("d/x.css") && text.contains("\n… and 21 other files\n"),
            "{text}"
        );
    }

    #[test]
    fn units() {
        assert_eq!([bytes(999), bytes(1_000), bytes(999_999)], ["999 B", "1.0 kB", "1.0 MB"]);
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
    }
}
