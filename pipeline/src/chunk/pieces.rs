//! Which assets travel together: those that the same roots need, and of these those that the configuration wants together.

use super::reach::{Root, static_targets};
use super::{PlanInput, vendor};
use crate::components::components;
use crate::graph::AssetIdx;
use crate::plugin::Grouping;
use std::collections::{BTreeMap, BTreeSet};

/// The assets of one chunk.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    /// Position of the root that the chunk stands for.
    pub(super) root: Option<usize>,
    /// Its name by the configuration.
    pub(super) group: Option<String>,
    /// Positions of the roots that load it.
    pub(super) owners: BTreeSet<usize>,
    /// In order of evaluation.
    pub(super) scripts: Vec<AssetIdx>,
    /// In order of the cascade.
    pub(super) styles: Vec<AssetIdx>,
    /// What it was made of, which tells its files from those of other chunks.
    pub(super) keys: BTreeSet<PieceKey>,
}

/// What makes assets travel together: a group, owners, and the section of the cascade.
type PieceKey = (Option<String>, Vec<usize>, usize);

/// Makes one piece for each root, then one for each other set of owners.
pub(super) fn pieces(
    input: &PlanInput<'_>,
    roots: &[(AssetIdx, Root)],
    order: &[AssetIdx],
    owners: &[Vec<usize>],
) -> Vec<Piece> {
    let mut cutter = Cutter {
        pieces: Vec::new(),
        known: BTreeMap::new(),
        sections: BTreeMap::new(),
        last_style: vec![usize::MAX; roots.len()],
    };
    for number in 0..roots.len() {
        let at = cutter.piece((None, vec![number], 0));
        cutter.pieces[at].root = Some(number);
    }
    let groups = groups(input, roots, order, owners);
    for asset in order {
        let owners = &owners[asset.index()];
        // What a root needs alone and would be with it in any case stays with it.
        let stays =
            |name: &String| matches!(owners[..], [only] if groups[roots[only].0.index()].as_ref() == Some(name));
        let group = groups[asset.index()].clone().filter(|name| !stays(name));
        if (input.grouping)(*asset) == Grouping::Style {
            cutter.style(*asset, group, owners);
        } else {
            let at = cutter.piece((group, owners.clone(), 0));
            cutter.pieces[at].scripts.push(*asset);
        }
    }
    separate_stylesheets(input, roots, &mut cutter.pieces);
    join_circles(input, roots, order, cutter.pieces)
}

/// The group of each asset: that of the configuration, and for others that of what needs them. Otherwise a group's chunk would need the chunk
/// that it was taken out of.
fn groups(
    input: &PlanInput<'_>,
    roots: &[(AssetIdx, Root)],
    order: &[AssetIdx],
    owners: &[Vec<usize>],
) -> Vec<Option<String>> {
    let mut groups: Vec<Option<String>> = vec![None; input.graph.nodes.len()];
    let mut by_size = Vec::new();
    for asset in order {
        let is_at_once = |owner: &usize| roots[*owner].1.is_entry && roots[*owner].0 != *asset;
        let at_once = owners[asset.index()].iter().any(is_at_once);
        let source = &input.graph.node(*asset).source;
        let grouping = (input.grouping)(*asset);
        groups[asset.index()] = input.split.group_of(source, grouping, at_once);
        if groups[asset.index()].is_none() && input.split.is_by_size(source, grouping, at_once) {
            by_size.push(*asset);
        }
    }
    for (asset, group) in vendor::groups(input, &by_size) {
        groups[asset.index()] = Some(group);
    }
    let is_root = |asset: AssetIdx| roots.binary_search_by_key(&asset, |(root, _)| *root).is_ok();
    let mut queue: Vec<AssetIdx> = order.iter().filter(|asset| groups[asset.index()].is_some()).copied().collect();
    while let Some(asset) = queue.pop() {
        for target in static_targets(input, asset) {
            let is_alike = owners[target.index()] == owners[asset.index()] && !is_root(target);
            if is_alike && groups[target.index()].is_none() {
                groups[target.index()] = groups[asset.index()].clone();
                queue.push(target);
            }
        }
    }
    groups
}

struct Cutter {
    pieces: Vec<Piece>,
    known: BTreeMap<PieceKey, usize>,
    /// The last section of each group and owners.
    sections: BTreeMap<(Option<String>, Vec<usize>), usize>,
    /// By root: the piece that holds its last stylesheet so far.
    last_style: Vec<usize>,
}

impl Cutter {
    fn piece(&mut self, key: PieceKey) -> usize {
        if let Some(at) = self.known.get(&key) {
            return *at;
        }
        let at = self.pieces.len();
        self.pieces.push(Piece {
            group: key.0.clone(),
            owners: key.1.iter().copied().collect(),
            keys: BTreeSet::from([key.clone()]),
            ..Piece::default()
        });
        self.known.insert(key, at);
        at
    }

    /// A file's rules come before or after all those of another file. So where stylesheets of other pieces come between, what comes after
    /// them is another section:
    /// ```text
    /// page: shared/reset.css, page.css, shared/print.css   ->   shared.css, page.css, shared-2.css
    /// ```
    fn style(&mut self, asset: AssetIdx, group: Option<String>, owners: &[usize]) {
        let section = *self.sections.entry((group.clone(), owners.to_vec())).or_default();
        let mut at = self.piece((group.clone(), owners.to_vec(), section));
        let is_last = owners.iter().all(|owner| self.last_style[*owner] == at);
        if !self.pieces[at].styles.is_empty() && !is_last {
            self.sections.insert((group.clone(), owners.to_vec()), section + 1);
            at = self.piece((group, owners.to_vec(), section + 1));
        }
        self.pieces[at].styles.push(asset);
        for owner in owners {
            self.last_style[*owner] = at;
        }
    }
}

/// A document's stylesheet is a file of its own, whoever else imports it too.
fn separate_stylesheets(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)], pieces: &mut [Piece]) {
    for (piece, (asset, _)) in pieces.iter_mut().zip(roots) {
        if (input.grouping)(*asset) == Grouping::Style {
            piece.styles = vec![*asset];
        }
    }
}

/// The piece that each asset is in; indexed by asset.
pub(super) fn places(input: &PlanInput<'_>, pieces: &[Piece]) -> Vec<Option<usize>> {
    let mut places = vec![None; input.graph.nodes.len()];
    for (at, piece) in pieces.iter().enumerate() {
        for asset in piece.scripts.iter().chain(&piece.styles) {
            places[asset.index()] = Some(at);
        }
    }
    places
}

/// The pieces that each piece imports.
pub(super) fn imports(input: &PlanInput<'_>, roots: &[(AssetIdx, Root)], pieces: &[Piece]) -> Vec<BTreeSet<usize>> {
    let places = places(input, pieces);
    let imports = pieces.iter().enumerate().map(|(at, piece)| {
        let root = piece.root.map(|number| roots[number].0).filter(|root| (input.grouping)(*root) == Grouping::Script);
        let targets = piece.scripts.iter().chain(&root).flat_map(|asset| static_targets(input, *asset));
        targets.chain(root).filter_map(|target| places[target.index()]).filter(|target| *target != at).collect()
    });
    imports.collect()
}

/// Groups cut through what roots need together. Where that makes chunks that import each other, one of them would be evaluated before what
/// it imports, so these become one.
fn join_circles(
    input: &PlanInput<'_>,
    roots: &[(AssetIdx, Root)],
    order: &[AssetIdx],
    mut pieces: Vec<Piece>,
) -> Vec<Piece> {
    if pieces.iter().all(|piece| piece.group.is_none()) {
        return pieces;
    }
    let edges: Vec<Vec<usize>> =
        imports(input, roots, &pieces).iter().map(|imports| imports.iter().copied().collect()).collect();
    let mut gone = BTreeSet::new();
    for circle in components(&edges) {
        for (nth, at) in circle.iter().enumerate() {
            let with = circle[..nth].iter().find(|with| pieces[**with].owners == pieces[*at].owners);
            if let Some(with) = with.filter(|with| !gone.contains(*with)) {
                let Piece { scripts, styles, keys, .. } = std::mem::take(&mut pieces[*at]);
                pieces[*with].scripts.extend(scripts);
                pieces[*with].styles.extend(styles);
                pieces[*with].keys.extend(keys);
                gone.insert(*at);
            }
        }
    }
    let mut rank = vec![0; input.graph.nodes.len()];
    order.iter().enumerate().for_each(|(position, asset)| rank[asset.index()] = position);
    let mut at = 0..;
    pieces.retain_mut(|piece| {
        piece.scripts.sort_by_key(|asset| rank[asset.index()]);
        at.next().is_some_and(|at| !gone.contains(&at))
    });
    pieces
}
