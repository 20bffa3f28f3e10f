//! `planish init`: a starter configuration.

use crate::Exit;
use crate::terminal::Terminal;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Every line is what happens without it.
const STARTER: &str = r#"# Every key is optional; the values that are commented out are what happens without them.

[build]
# entries = ["index.html", "src/admin.ts", "pages/*.html"]
# out = "dist"
# base = "/"                    # or "https://cdn.example.com/", or "./"
# target = "baseline-widely-available"
# naming = "vite"               # vite | django | propshaft | phoenix | "[name]-[hash].[ext]"; stable ones for development
# static = "public"             # copied as it is

[js]
# jsx = "automatic"
# sourcemap = "none"            # none | external | inline | hidden
# external = []
# define = { __VERSION__ = '"1.0"' }
# alias = { "@" = "./src" }
# split = { vendor = "large", min_size = 4096 }   # vendor: none | one | large | per-package

[images]
# formats = ["avif", "webp"]
# quality = { avif = 70, webp = 80 }

[compress]
# gzip = 9                      # "max": smaller, and slow
# brotli = 11
# zstd = 19                     # no .zst files without it
# minimum_size = 1024

[manifest]
# formats = ["vite"]            # also: laravel, mix, django, propshaft, sprockets, phoenix, asset-mapper, symfony, webpack, flat, planish

[headers]
# formats = ["json", "nginx", "caddy", "netlify"]

[service_worker]
# enabled = false
# navigation_fallback = "index.html"

[cache]
# max_size = "2GB"
"#;

/// Writes the file, if there is none.
pub(crate) fn run(root: &Path, terminal: &Terminal) -> Exit {
    let path = planish_pipeline::resolve::normal(&root.join("planish.toml"));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(STARTER.as_bytes()));
    match written {
        Ok(()) => {
            terminal.say(&format!("wrote `{}`", path.display()));
            Exit::Good
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            terminal.say(&format!("`{}` exists already", path.display()));
            Exit::Usage
        }
        Err(error) => {
            terminal.say(&format!("cannot write `{}`: {}", path.display(), planish_pipeline::emit::reason(&error)));
            Exit::Fault
        }
    }
}

#[cfg(test)]
mod tests {
    use super::STARTER;
    use crate::config::read::read;

    #[test]
    fn the_starter_is_a_good_configuration_even_with_its_comments_taken_off() {
        assert!(read("planish.toml", STARTER).is_ok());
        let lines =
            STARTER.lines().map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line));
        let text = lines.collect::<Vec<_>>().join("\n");
        let read = read("planish.toml", &text);
        assert!(read.is_ok(), "{read:?}");
    }
}
