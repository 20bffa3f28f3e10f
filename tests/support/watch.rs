//! `planish watch` as a process that a test looks at.

use super::{Site, Tree, wait_for};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any build of a test takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// `planish watch` with what it says in a file, and its results, if they are asked for with `--json`.
pub(crate) struct Watch<'a> {
    site: &'a Site,
    /// The process.
    pub(crate) process: Child,
    log: Site,
    results: Receiver<Value>,
}

impl<'a> Watch<'a> {
    /// Waits until it watches.
    pub(crate) fn start(site: &'a Site, arguments: &[&str]) -> Self {
        Self::start_in(&[], site, arguments)
    }

    /// The same for a process that another command starts.
    pub(crate) fn start_in(wrapper: &[&str], site: &'a Site, arguments: &[&str]) -> Self {
        let log = Site::empty();
        let file = std::fs::File::create(log.path("log")).expect("writable");
        let mut command = site.command(&[&["watch"], arguments].concat());
        if let [program, own @ ..] = wrapper {
            let mut outer = Command::new(program);
            outer.current_dir(site.root()).args(own).arg(command.get_program()).args(command.get_args());
            command = outer;
        }
        let mut process = command.stdout(Stdio::piped()).stderr(file).spawn().expect("the binary starts");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let (sender, results) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let result = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(result).is_err() {
                    break;
                }
            }
        });
        let watch = Self { site, process, log, results };
        watch.until("it watches", |_| watch.log().contains("watching for changes"));
        watch
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        self.log.read("log")
    }

    /// Waits until the output folder is as it should be.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Tree) -> bool) {
        let so = wait_for(PATIENCE, || is_so(&Tree::read_while_changing(&self.site.path("dist"))));
        assert!(so, "{what}: not so; the log:\n{}", self.log());
    }

    /// Waits until a stylesheet or script has this text.
    #[track_caller]
    pub(crate) fn until_written(&self, text: &str) {
        self.until(text, |dist| {
            let mut assets = dist.paths().filter(|path| path.starts_with("assets/"));
            assets.any(|path| String::from_utf8_lossy(dist.bytes(path)).contains(text))
        });
    }

    /// The result of the next build.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        self.results
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("{error}: no build; the log:\n{}", self.log()))
    }

    /// The result of the next build that computed a task.
    #[track_caller]
    pub(crate) fn result_with(&self, task: &str, subject: &str) -> Value {
        loop {
            let result = self.result();
            let ran = result["ran"].as_array().expect("a list");
            if ran.iter().any(|ran| ran[0] == task && ran[1] == subject) {
                return result;
            }
        }
    }

    /// The results of builds that begin within some time.
    pub(crate) fn results_within(&self, time: Duration) -> Vec<Value> {
        std::thread::sleep(time);
        self.results.try_iter().collect()
    }

    /// The output folder when nothing is written to it for a moment.
    pub(crate) fn settled(&self) -> Tree {
        let mut last = None;
        wait_for(PATIENCE, || {
            std::thread::sleep(Duration::from_millis(200));
            let now = Tree::read_while_changing(&self.site.path("dist"));
            last.replace(now.clone()) == Some(now)
        });
        last.expect("it was read").filter(|path| path != ".planish/lock")
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
