//! The `planish` binary: the command line, the terminal and the exit codes. Nothing but this crate prints, and nothing but this file
//! exits.
//!
//! ```text
//! flags + planish.toml -> Settings -> Session -> BuildResult -> report, summary or JSON -> exit code
//! ```

#![allow(clippy::disallowed_methods, reason = "the command line reads the configuration and writes what is asked for")]

mod allocator;
mod build;
mod bundle;
mod cache;
mod config;
mod entries;
mod environment;
mod flags;
mod frame;
mod init;
mod interrupt;
mod plugin_options;
mod progress;
mod report;
mod result;
mod settings;
mod summary;
mod terminal;
mod trace;
mod watch;
mod worker;

use clap::{CommandFactory, Parser};
use flags::{Command, Flags};
use std::process::ExitCode;
use terminal::Terminal;

/// Syntax trees are walked recursively, and generated code nests deeply.
const STACK: usize = 64 << 20;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Good = 0,
    /// The sources have errors.
    Errors = 1,
    /// The flags or the configuration make no sense.
    Usage = 2,
    /// Something could not be read or written.
    Fault = 3,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    if !matches!(flags.command, Command::Watch(_)) {
        allocator::keep_freed_memory();
    }
    let terminal = Terminal::new(flags.color);
    #[allow(clippy::exit, reason = "a signal ends the process while its threads work")]
    let installed = interrupt::install(|signal| std::process::exit(128 + signal));
    if let Err(error) = installed {
        terminal.say(&format!("interrupts will leave temporary files: {error}"));
    }
    let thread =
        std::thread::Builder::new().name("planish".to_owned()).stack_size(STACK).spawn(move || run(&flags, &terminal));
    let exit = thread.map(|thread| thread.join().unwrap_or(Exit::Errors)).unwrap_or(Exit::Fault);
    interrupt::wait_if_it_came();
    ExitCode::from(exit as u8)
}

fn run(flags: &Flags, terminal: &Terminal) -> Exit {
    match &flags.command {
        Command::Build(flags) => with_threads(flags.run.jobs, terminal, || build::run(flags, terminal)),
        Command::Watch(flags) => with_threads(flags.run.jobs, terminal, || watch::run(flags, terminal)),
        Command::Bundle(flags) => with_threads(flags.run.jobs, terminal, || bundle::run(flags, terminal)),
        Command::Cache(flags) => with_threads(None, terminal, || cache::run(&flags.action, terminal)),
        Command::Init { root } => init::run(root, terminal),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Flags::command(), "planish", &mut script);
            terminal.answer(String::from_utf8_lossy(&script).trim_end());
            Exit::Good
        }
    }
}

/// Runs a command after the pool's threads are set up.
fn with_threads(jobs: Option<u16>, terminal: &Terminal, command: impl FnOnce() -> Exit) -> Exit {
    // This thread works too: one that only waits costs memory and wakes up late.
    let pool = rayon::ThreadPoolBuilder::new().use_current_thread();
    let pool = pool.stack_size(STACK).num_threads(jobs.map_or(0, usize::from));
    match pool.build_global() {
        Ok(()) => command(),
        Err(error) => {
            terminal.say(&format!("cannot start the threads: {error}"));
            Exit::Fault
        }
    }
}
