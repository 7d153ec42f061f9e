//! The comparison as a figure: a line for each peer of each suite.

use std::path::Path;

use super::ratios::Comparison;
use crate::error::Result;
use crate::harness::Provenance;
use crate::plot::{Axis, Bars, Group, Span};

/// Draws the figure.
pub(super) fn draw(comparisons: &[Comparison], provenance: &Provenance, path: &Path) -> Result<()> {
    let group = |comparison: &Comparison| Group {
        title: comparison.title.to_owned(),
        spans: comparison
            .peers
            .iter()
            .map(|peer| Span {
                name: peer.system.clone(),
                value: peer.mean,
                least: peer.least,
                greatest: peer.greatest,
            })
            .collect(),
    };
    let values =
        comparisons.iter().flat_map(|comparison| &comparison.peers).flat_map(|peer| [peer.least, peer.greatest]);
    let Provenance { date, processor, cores, .. } = provenance;
    let bars = Bars {
        title: "How many times our time each peer takes".to_owned(),
        note: format!("{cores} threads, {processor}, {date}; a line spans the cases, its dot is their geometric mean"),
        axis: Axis::decimal("times our time; to the right of 1 the peer is slower", values.chain([1.0])),
        groups: comparisons.iter().map(group).collect(),
    };
    bars.write(path)
}
