//! The engine of Planish: assets, graph, tasks, cache, chunks, names, release. It knows no language; see [`plugin`].
//!
//! ```text
//! Source -> Asset -> AssetGraph -> Linked -> ChunkPlan -> Output (placeholders) -> FinalFile -> Release -> folder
//! ```
//!
//! Invariants, held by tests:
//! - Output depends on sources, options and version only: never on thread count, directory, clock, locale or machine.
//! - Only [`files`], `listing`, [`cache`] and [`emit`] touch the file system; the resolver reads by way of [`files`].
//! - The output folder changes only when the whole build is good.
//! - Nothing here prints or exits.

pub mod asset;
mod build;
pub mod cache;
pub mod chunk;
mod components;
pub mod diagnostic;
mod discover;
pub mod emit;
pub mod files;
pub mod graph;
pub mod integrity;
pub mod key;
mod listing;
pub mod manifest;
pub mod naming;
pub mod output;
pub mod plugin;
mod relink;
pub mod resolve;
pub mod session;
pub mod task;
mod unchanged;
