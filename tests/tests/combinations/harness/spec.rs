//! The specification of a program: its seed, its share, and consecutive words.

use super::draw::Draw;
use super::edit::{self, Edit};
use super::flow::{Flow, FlowKind};
use super::generator::{RESULT, SOURCE};
use super::words;

/// Two consecutive words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The kind of the flow between them.
    pub kind: FlowKind,
    pub in_loop: bool,
    pub first: &'static str,
    pub next: &'static str,
}

impl std::fmt::Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.in_loop { " in a loop" } else { "" };
        write!(f, "{} -> {} ({}{place})", self.first, self.next, self.kind.rust())
    }
}

/// The specification of a program.
#[derive(Clone, Debug)]
pub struct Spec {
    pub seed: u64,
    pub route: Option<Route>,
    /// Changes of the drawn program, in order.
    pub edits: Vec<Edit>,
}

/// Words that should be consecutive, as far as they fit.
#[derive(Clone, Debug)]
pub struct Route {
    pub share: Share,
    pub in_loop: bool,
    pub words: Vec<&'static str>,
}

/// The kind of words that a program uses most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    Sets,
    Joins,
    Loops,
    Streams,
    Windows,
    Snapshots,
    WindowsWithSnapshots,
}

impl Share {
    pub const ALL: [Share; 7] = [
        Share::Sets,
        Share::Joins,
        Share::Loops,
        Share::Streams,
        Share::Windows,
        Share::Snapshots,
        Share::WindowsWithSnapshots,
    ];

    pub fn draw(draw: &mut Draw) -> Share {
        match draw.below(100) {
            0..14 => Share::Sets,
            14..34 => Share::Joins,
            34..58 => Share::Loops,
            58..70 => Share::Streams,
            70..82 => Share::Windows,
            82..91 => Share::Snapshots,
            _ => Share::WindowsWithSnapshots,
        }
    }

    /// Returns `true` if programs of this share may have the pair.
    pub fn may_have(self, pair: Pair) -> bool {
        let is_kept = |name: &str| {
            let word = words::all().into_iter().find(|word| word.name == name);
            word.is_none_or(|word| !word.place.not_in_snapshots)
        };
        let kinds = match self {
            Share::Sets | Share::Joins | Share::Loops => [FlowKind::Set; 2],
            Share::Streams | Share::Snapshots => [FlowKind::Stream, FlowKind::Updates],
            Share::Windows | Share::WindowsWithSnapshots => [FlowKind::Timed, FlowKind::Stream],
        };
        kinds.contains(&pair.kind)
            && pair.in_loop == (self == Share::Loops)
            && (!self.has_snapshots() || is_kept(pair.first) && is_kept(pair.next))
    }

    fn named(name: &str) -> Share {
        Share::ALL.into_iter().find(|share| format!("{share:?}") == name).unwrap_or(Share::Sets)
    }

    pub fn kind(self) -> FlowKind {
        match self {
            Share::Sets | Share::Joins | Share::Loops => FlowKind::Set,
            Share::Streams | Share::Snapshots => FlowKind::Stream,
            Share::Windows | Share::WindowsWithSnapshots => FlowKind::Timed,
        }
    }

    pub fn has_snapshots(self) -> bool {
        matches!(self, Share::Snapshots | Share::WindowsWithSnapshots)
    }

    /// Words to choose the next one from, if one fits.
    pub fn preferred(self, draw: &mut Draw, is_body: bool, flow: &Flow) -> &'static [&'static str] {
        match self {
            Share::Joins if draw.often(55) => JOINS,
            Share::Loops if is_body && draw.often(35) => JOINS,
            Share::Loops if !is_body && draw.often(40) => &["iterate", "iterate_delta"],
            _ if flow.kind == FlowKind::Updates => &["updates"],
            _ => &[],
        }
    }
}

const JOINS: &[&str] = &[
    "join",
    "join",
    "join",
    "left_join",
    "right_join",
    "full_join",
    "semi_join",
    "anti_join",
    "co_group",
    "with",
    "cross",
];

pub fn spec_text(spec: &Spec) -> String {
    let edits = edit::text(&spec.edits);
    let route = spec.route.as_ref().map_or("None".to_owned(), |route| {
        format!("Some(({:?}, {}, &{:?}))", format!("{:?}", route.share), route.in_loop, route.words)
    });
    format!("spec({}, {route}, {edits:?})", spec.seed)
}

/// The same, in the form that the text of programs uses.
pub fn spec(seed: u64, route: Option<(&str, bool, &[&'static str])>, edits: &str) -> Spec {
    let route =
        route.map(|(share, in_loop, words)| Route { share: Share::named(share), in_loop, words: words.to_vec() });
    Spec { seed, route, edits: edit::parse(edits) }
}

/// All pairs of words with matching kinds.
pub fn all_pairs() -> Vec<Pair> {
    let words = words::all();
    let mut pairs = Vec::new();
    for in_loop in [false, true] {
        let here = words.iter().filter(|word| !(in_loop && word.place.not_in_loops)).collect::<Vec<_>>();
        for next in &here {
            for &kind in next.on.iter().filter(|kind| !in_loop || **kind == FlowKind::Set) {
                let before = here.iter().filter(|word| word.on.iter().any(|from| (word.to)(*from) == kind));
                pairs.extend(before.map(|first| Pair { kind, in_loop, first: first.name, next: next.name }));
                if kind != FlowKind::Updates && kind != FlowKind::Timed {
                    pairs.push(Pair { kind, in_loop, first: SOURCE, next: next.name });
                }
            }
        }
        for first in here.iter().filter(|_| !in_loop) {
            let kinds = first.on.iter().map(|kind| (first.to)(*kind)).filter(|kind| *kind != FlowKind::Timed);
            pairs.extend(kinds.map(|kind| Pair { kind, in_loop, first: first.name, next: RESULT }));
        }
    }
    pairs.sort();
    pairs.dedup();
    pairs
}
