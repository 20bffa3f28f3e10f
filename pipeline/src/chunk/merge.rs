//! Small chunks that become part of others.
//!
//! A chunk of its own saves bytes to those who do not need it, and costs a request to each who does. So a small chunk is merged with
//! another where the requests that this saves are worth more than the bytes that are then loaded in vain:
//! ```text
//! routes a, b share x; routes a, b, c share y   ->   x and y are one chunk, c loads x in vain
//! ```
//!
//! Order and effects stay right because
//! - only such modules move of which nobody can see whether and when they are evaluated, or that are evaluated on demand;
//! - nobody comes to load anything else in vain: what a moved module imports is there in any case where it moves to;
//! - nobody comes to evaluate what can be seen, or sooner than before.

use super::PlanInput;
use super::owners::Evaluated;
use super::pieces::{Piece, imports};
use super::reach::Root;
use crate::asset::DependencyKind;
use crate::graph::AssetIdx;
use crate::plugin::{Evaluation, Grouping};
use std::collections::BTreeSet;

/// Merges small pieces. A moved asset takes another place in `order`.
pub(super) fn merge(
    input: &PlanInput<'_>,
    roots: &[(AssetIdx, Root)],
    loaded: &[Vec<bool>],
    evaluated: Evaluated,
    order: &mut Vec<AssetIdx>,
    pieces: Vec<Piece>,
) -> Vec<Piece> {
    let minimum = u64::from(input.split.minimum_size);
    let is_small = |piece: &Piece| is_silent(input, piece) && size(input, piece) < minimum;
    if !pieces.iter().any(is_small) {
        return pieces;
    }
    let mut merger = Merger::new(input, roots, loaded, evaluated, pieces);
    let mut settled = BTreeSet::new();
    while let Some(small) = merger.smallest(&settled) {
        match merger.best(small) {
            Some(into) => {
                merger.join(small, into, order);
                settled.remove(&into);
            }
            None => {
                settled.insert(small);
            }
        }
    }
    merger.pieces.into_iter().flatten().collect()
}

/// Whether sizes decide what becomes of the pieces.
pub(super) fn is_by_size(input: &PlanInput<'_>, pieces: &[Piece]) -> bool {
    input.split.minimum_size > 0 && pieces.iter().any(|piece| is_silent(input, piece))
}

/// Nobody can see whether it is evaluated, and the configuration does not ask for it.
fn is_silent(input: &PlanInput<'_>, piece: &Piece) -> bool {
    let silent = |asset: &AssetIdx| (input.load)(*asset).evaluation != Evaluation::Seen;
    piece.root.is_none() && piece.group.is_none() && piece.styles.is_empty() && piece.scripts.iter().all(silent)
}

fn size(input: &PlanInput<'_>, piece: &Piece) -> u64 {
    piece.scripts.iter().map(|asset| u64::from((input.load)(*asset).size)).sum()
}

struct Merger<'a, 'b> {
    input: &'a PlanInput<'b>,
    roots: &'a [(AssetIdx, Root)],
    /// `None` for those that have become part of others.
    pieces: Vec<Option<Piece>>,
    sizes: Vec<u64>,
    is_silent: Vec<bool>,
    imports: Vec<BTreeSet<usize>>,
    importers: Vec<BTreeSet<usize>>,
    /// By piece: the roots that find it loaded.
    loaded_at: Vec<BTreeSet<usize>>,
    /// By piece: bytes that have been added to it and that not all need who load it.
    added: Vec<u64>,
    evaluated: Evaluated,
}

impl<'a, 'b> Merger<'a, 'b> {
    fn new(
        input: &'a PlanInput<'b>,
        roots: &'a [(AssetIdx, Root)],
        loaded: &[Vec<bool>],
        evaluated: Evaluated,
        pieces: Vec<Piece>,
    ) -> Self {
        let imports = imports(input, roots, &pieces);
        let mut importers = vec![BTreeSet::new(); pieces.len()];
        for (at, imports) in imports.iter().enumerate() {
            imports.iter().for_each(|import| {
                importers[*import].insert(at);
            });
        }
        let finds = |piece: &Piece, root: usize| piece.scripts.iter().any(|asset| loaded[root][asset.index()]);
        Self {
            input,
            roots,
            sizes: pieces.iter().map(|piece| size(input, piece)).collect(),
            is_silent: pieces.iter().map(|piece| is_silent(input, piece)).collect(),
            loaded_at: pieces
                .iter()
                .map(|piece| (0..roots.len()).filter(|root| finds(piece, *root)).collect())
                .collect(),
            added: vec![0; pieces.len()],
            pieces: pieces.into_iter().map(Some).collect(),
            imports,
            importers,
            evaluated,
        }
    }

    fn minimum(&self) -> u64 {
        u64::from(self.input.split.minimum_size)
    }

    fn owners(&self, at: usize) -> &BTreeSet<usize> {
        static NOBODY: BTreeSet<usize> = BTreeSet::new();
        self.pieces[at].as_ref().map_or(&NOBODY, |piece| &piece.owners)
    }

    fn smallest(&self, settled: &BTreeSet<usize>) -> Option<usize> {
        let is_candidate = |at: &usize| {
            self.pieces[*at].is_some()
                && self.is_silent[*at]
                && self.sizes[*at] < self.minimum()
                && !settled.contains(at)
        };
        (0..self.pieces.len()).filter(is_candidate).min_by_key(|at| self.sizes[*at])
    }

    /// The piece with which a small one is best merged, if there is one.
    fn best(&self, small: usize) -> Option<usize> {
        let others = (0..self.pieces.len()).filter(|at| *at != small && self.takes(*at));
        let mut gains: Vec<(u64, usize)> = others.filter_map(|at| Some((self.gain(small, at)?, at))).collect();
        gains.sort_unstable_by_key(|(gain, at)| (std::cmp::Reverse(*gain), *at));
        gains.into_iter().map(|(_, at)| at).find(|at| self.is_allowed(small, *at))
    }

    /// Whether a piece may become larger. Of the roots only entries may, whose exports nobody asks for.
    fn takes(&self, at: usize) -> bool {
        let Some(piece) = &self.pieces[at] else { return false };
        let is_open = piece.root.is_none_or(|number| {
            let (asset, root) = self.roots[number];
            root.is_entry && !root.exports_matter && (self.input.grouping)(asset) == Grouping::Script
        });
        is_open
            && piece.group.is_none()
            && !piece.scripts.is_empty()
            && !piece.scripts.iter().any(|asset| (self.input.waits)(*asset))
    }

    /// What merging two pieces saves, in bytes.
    fn gain(&self, small: usize, into: usize) -> Option<u64> {
        let (users, loaders) = (self.owners(small), self.owners(into));
        let has_both = |root: &&usize| loaders.contains(*root) || self.loaded_at[into].contains(*root);
        let saved = users.iter().filter(has_both).count() as u64 * self.minimum();
        let in_vain: u64 = loaders.difference(users).map(|root| self.weight(*root) * self.sizes[small]).sum();
        let drawn = users.iter().filter(|root| !has_both(root)).map(|root| self.weight(*root) * self.sizes[into]);
        saved.checked_sub(in_vain + drawn.sum::<u64>()).filter(|gain| *gain > 0)
    }

    /// How often a root is loaded in comparison: an entry as often as all together for which it is there before.
    fn weight(&self, root: usize) -> u64 {
        self.loaded_at[root].len().max(1) as u64
    }

    fn is_allowed(&self, small: usize, into: usize) -> bool {
        self.is_within_budget(small, into)
            && !self.makes_circle(small, into)
            && self.is_there(small, into)
            && self.are_evaluated(small, small, into)
            && match self.is_silent[into] {
                true => self.is_there(into, small) && self.are_evaluated(into, small, into),
                false => self.is_always_with(small, into),
            }
    }

    /// Entries are to be there at once: all together may not become larger than by what a request is worth.
    fn is_within_budget(&self, small: usize, into: usize) -> bool {
        let mut in_vain = self.owners(into).difference(self.owners(small));
        self.added[into] + self.sizes[small] <= self.minimum() || !in_vain.any(|root| self.roots[*root].1.is_entry)
    }

    /// Whether one imports something that imports the other.
    fn makes_circle(&self, one: usize, other: usize) -> bool {
        let between = |from: usize, to: usize| {
            self.imports[from].iter().any(|import| *import != to && reached(*import, &self.imports).contains(&to))
        };
        between(one, other) || between(other, one)
    }

    /// Whether all that a piece imports is there where another one is loaded.
    fn is_there(&self, piece: usize, with: usize) -> bool {
        let there = reached(with, &self.imports);
        let owners = self.owners(with);
        self.imports[piece].iter().all(|import| there.contains(import) || owners.is_subset(&self.loaded_at[*import]))
    }

    /// Whether all that load the small piece load the other one anyway.
    fn is_always_with(&self, small: usize, into: usize) -> bool {
        let with = reached(into, &self.importers);
        let mut users = reached(small, &self.importers);
        users.remove(&small);
        users.iter().all(|user| with.contains(user) || self.owners(*user).is_subset(&self.loaded_at[into]))
    }

    /// Whether nothing is evaluated sooner on behalf of a piece that is merged: all that it demands has been evaluated.
    fn are_evaluated(&self, piece: usize, small: usize, into: usize) -> bool {
        let Some(Piece { scripts, .. }) = &self.pieces[piece] else { return true };
        let own_root = self.pieces[into].as_ref().and_then(|into| into.root);
        let on_demand = |asset: &AssetIdx| (self.input.load)(*asset).evaluation == Evaluation::OnDemand;
        let demanded = scripts.iter().filter(|asset| !on_demand(asset)).flat_map(|asset| (self.input.edges)(*asset));
        let mut demanded = demanded.filter(|edge| edge.kind == DependencyKind::Import && on_demand(&edge.target));
        let roots = self.owners(small).union(self.owners(into));
        demanded.all(|edge| {
            roots.clone().all(|root| {
                let at = edge.target.index();
                let is_own = own_root == Some(*root);
                self.evaluated.before[*root][at] || is_own && self.evaluated.own[*root][at]
            })
        })
    }

    fn join(&mut self, small: usize, into: usize, order: &mut Vec<AssetIdx>) {
        let is_needed = self.imports[into].contains(&small);
        let (Some(moved), Some(mut piece)) = (self.pieces[small].take(), self.pieces[into].take()) else { return };
        if !self.is_silent[into] && !is_needed {
            move_behind(order, &moved.scripts, &piece.scripts);
        }
        piece.scripts.extend(moved.scripts);
        let members: BTreeSet<AssetIdx> = piece.scripts.iter().copied().collect();
        piece.scripts = order.iter().filter(|asset| members.contains(asset)).copied().collect();
        piece.owners.extend(moved.owners.difference(&self.loaded_at[into]));
        piece.keys.extend(moved.keys);
        self.pieces[into] = Some(piece);
        self.sizes[into] += self.sizes[small];
        self.added[into] += self.sizes[small];
        let found = std::mem::take(&mut self.loaded_at[small]);
        self.loaded_at[into].extend(found);
        self.redirect(small, into);
    }

    /// What imported the one piece imports the other one now.
    fn redirect(&mut self, small: usize, into: usize) {
        for import in std::mem::take(&mut self.imports[small]) {
            self.importers[import].remove(&small);
            if import != into {
                self.importers[import].insert(into);
                self.imports[into].insert(import);
            }
        }
        for importer in std::mem::take(&mut self.importers[small]) {
            self.imports[importer].remove(&small);
            if importer != into {
                self.imports[importer].insert(into);
                self.importers[into].insert(importer);
            }
        }
    }
}

/// What is reached from a piece, itself included.
fn reached(from: usize, edges: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([from]);
    let mut queue = vec![from];
    while let Some(at) = queue.pop() {
        queue.extend(edges[at].iter().filter(|next| reached.insert(**next)));
    }
    reached
}

/// Moves assets behind the last one of others.
fn move_behind(order: &mut Vec<AssetIdx>, moved: &[AssetIdx], others: &[AssetIdx]) {
    let set: BTreeSet<AssetIdx> = moved.iter().copied().collect();
    order.retain(|asset| !set.contains(asset));
    let last = order.iter().rposition(|asset| others.contains(asset)).map_or(order.len(), |at| at + 1);
    order.splice(last..last, moved.iter().copied());
}
