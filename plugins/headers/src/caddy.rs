//! A snippet for Caddy. Its paths begin at the output folder: `handle_path` takes the prefix away.

use crate::rules::{IMMUTABLE, NO_CACHE, Rules};

/// The directives of a site, or of a `handle_path` in one.
pub(crate) fn snippet(rules: &Rules<'_>) -> String {
    let mut text = "# Import this where the root is the output folder:\n".to_owned();
    text += &match rules.prefix.as_str() {
        "/" => "#   root * /srv/dist\n#   import Caddyfile\n".to_owned(),
        prefix => format!("#   handle_path {prefix}* {{\n#     root * /srv/dist\n#     import Caddyfile\n#   }}\n"),
    };
    let folders = rules.immutable_folders.iter().map(|folder| format!("/{folder}*"));
    let files = rules.immutable_files.iter().map(|path| format!("/{path}"));
    let paths: Vec<String> = folders.chain(files).map(|path| quoted(&path)).collect();
    if paths.is_empty() {
        text += &format!("header Cache-Control {NO_CACHE}\n");
    } else {
        // Only files that are there: nobody should remember for a year that one is missing. And no two of these matchers may match,
        // because Caddy puts directives in an order of its own.
        let paths = paths.join(" ");
        text += &format!(
            "@planish_immutable {{\n\tpath {paths}\n\tfile\n}}\nheader @planish_immutable Cache-Control \"{IMMUTABLE}\"\n"
        );
        text += &format!("@planish_mutable not path {paths}\nheader @planish_mutable Cache-Control {NO_CACHE}\n");
    }
    for (number, (page, policies)) in rules.policies.iter().enumerate() {
        let own = format!("/{page}");
        let of_folder = own.strip_suffix("index.html");
        let paths: Vec<String> = [Some(own.as_str()), of_folder].into_iter().flatten().map(quoted).collect();
        text += &format!("@planish_page_{number} path {}\n", paths.join(" "));
        for (name, value) in policies.headers() {
            text += &format!("header @planish_page_{number} {name} \"{value}\"\n");
        }
    }
    let encodings = [("br", "br"), ("zst", "zstd"), ("gz", "gzip")];
    let encodings: Vec<&str> =
        encodings.iter().filter(|(suffix, _)| rules.encodings.contains(suffix)).map(|(_, name)| *name).collect();
    if encodings.is_empty() {
        return text + "file_server\n";
    }
    // Caddy says so only where it sends a compressed form, and caches on the way would mix the forms.
    text + &format!("header ?Vary Accept-Encoding\nfile_server {{\n\tprecompressed {}\n}}\n", encodings.join(" "))
}

fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}
