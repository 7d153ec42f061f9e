//! The machines that a plan is made for, and the weights of the cost model.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::strategy::Ship;

/// The machines that a plan is made for: this one, or nodes that a program declares.
///
/// As text, `nodes=8,net=1Gbps,disk=500MB/s`, and [weights](Weights) by their names, `row=3ns`.
/// Entries that are left out have their defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The number of machines. Each has its own budget and cores. Tasks are spread evenly over
    /// them.
    pub nodes: usize,
    /// Bytes per second that a node sends, and that it receives.
    pub network_bytes_per_second: f64,
    /// The time that one core needs per row or byte.
    pub weights: Weights,
}

/// The time that one core needs per row or byte, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// A row that a closure reads, or that is copied.
    pub row: f64,
    /// A byte that is written to a page, or that another task reads there.
    pub byte: f64,
    /// A row that is partitioned by a hash: finding its task, and writing to one of several pages.
    pub pick: f64,
    /// A row that is hashed and looked up in a table that fits in the caches of a core.
    pub lookup_cached: f64,
    /// The same, in a table that is far larger than the caches.
    pub lookup_memory: f64,
    /// A row that has no match: a filter drops it, or the slot of its hash is empty.
    pub miss: f64,
    /// A row that is added to the table of a join, without the lookup.
    pub insert: f64,
    /// The first row of a group, without the lookup.
    pub group: f64,
    /// A comparison of two rows.
    pub comparison: f64,
    /// A byte that is spilled and read back.
    pub spilled_byte: f64,
}

/// The greatest size of a table whose lookups cost [`Weights::lookup_cached`].
const CACHED_BYTES: f64 = 8.0 * 1024.0 * 1024.0;
/// The least size of a table whose lookups cost [`Weights::lookup_memory`].
const UNCACHED_BYTES: f64 = 256.0 * 1024.0 * 1024.0;

/// The name of a weight, and its field.
type Named = (&'static str, fn(&mut Weights) -> &mut f64);

impl Weights {
    const NAMED: [Named; 10] = [
        ("row", |weights| &mut weights.row),
        ("byte", |weights| &mut weights.byte),
        ("pick", |weights| &mut weights.pick),
        ("lookup_cached", |weights| &mut weights.lookup_cached),
        ("lookup_memory", |weights| &mut weights.lookup_memory),
        ("miss", |weights| &mut weights.miss),
        ("insert", |weights| &mut weights.insert),
        ("group", |weights| &mut weights.group),
        ("comparison", |weights| &mut weights.comparison),
        ("spilled_byte", |weights| &mut weights.spilled_byte),
    ];

    /// Returns the weight with a name. `None` for an unknown name.
    pub fn named(&mut self, name: &str) -> Option<&mut f64> {
        let (_, weight) = Self::NAMED.into_iter().find(|(known, _)| *known == name)?;
        Some(weight(self))
    }

    /// The time of a lookup in a table of `table_bytes`. It grows with the logarithm of the size
    /// from the cached to the uncached weight.
    #[must_use]
    pub fn lookup(&self, table_bytes: f64) -> f64 {
        let beyond = (table_bytes.max(CACHED_BYTES) / CACHED_BYTES).ln() / (UNCACHED_BYTES / CACHED_BYTES).ln();
        self.lookup_cached + (self.lookup_memory - self.lookup_cached) * beyond.min(1.0)
    }
}

impl Default for Weights {
    /// The weights of one machine (AMD EPYC, 2 MiB of second-level cache per core), as measured by
    /// `cargo run --release -p benches -- calibrate`. The comparison is between that of two
    /// numbers, which are scattered over buckets (1 ns), and that of two texts (17 ns).
    fn default() -> Self {
        Weights {
            row: 3e-9,
            byte: 0.2e-9,
            pick: 6e-9,
            lookup_cached: 16e-9,
            lookup_memory: 42e-9,
            miss: 6e-9,
            insert: 10e-9,
            group: 80e-9,
            comparison: 5e-9,
            spilled_byte: 4e-9,
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Profile { nodes: 1, network_bytes_per_second: 125e6, weights: Weights::default() }
    }
}

impl FromStr for Profile {
    type Err = Error;

    /// Parses a text such as `nodes=8,net=10Gbps,disk=500MB/s`.
    ///
    /// # Errors
    /// [`Error::Plan`] for an unknown word or an invalid number. It names the known words.
    fn from_str(text: &str) -> Result<Self> {
        let mut profile = Profile::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let wrong = || {
                Error::Plan(format!(
                    "`{entry}` is nothing that a profile says: write `nodes=8`, `net=1Gbps`, `disk=500MB/s` or a weight such as `row=3ns` ({}), with commas between them",
                    Weights::NAMED.map(|(name, _)| name).join(", ")
                ))
            };
            let (word, value) = entry.split_once('=').ok_or_else(wrong)?;
            match word.trim() {
                "nodes" => {
                    profile.nodes = value.trim().parse().ok().filter(|&nodes| nodes > 0).ok_or_else(wrong)?;
                }
                "net" => profile.network_bytes_per_second = bytes_per_second(value).ok_or_else(wrong)?,
                // Each byte is written and read.
                "disk" => profile.weights.spilled_byte = 2.0 / bytes_per_second(value).ok_or_else(wrong)?,
                name => {
                    let weight = profile.weights.named(name).ok_or_else(wrong)?;
                    *weight = seconds(value).ok_or_else(wrong)?;
                }
            }
        }
        Ok(profile)
    }
}

impl fmt::Display for Weights {
    /// In the notation of a profile: `row=3.00ns,byte=0.20ns,…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut weights = *self;
        for (number, (name, weight)) in Weights::NAMED.into_iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(f, "{comma}{name}={:.2}ns", *weight(&mut weights) * 1e9)?;
        }
        Ok(())
    }
}

impl Profile {
    /// The time of the network for bytes that `tasks` tasks send evenly. Bytes that stay on a node
    /// do not count.
    pub(super) fn network_seconds(&self, ship: &Ship, bytes: f64, tasks: usize) -> f64 {
        let nodes = self.nodes.min(tasks) as f64;
        let leave = bytes * (nodes - 1.0) / nodes;
        let of_busiest = match ship {
            Ship::Forward => 0.0,
            Ship::Hash(_) | Ship::Number(_) | Ship::Rebalance => leave / nodes,
            Ship::Broadcast | Ship::Gather => leave,
        };
        of_busiest / self.network_bytes_per_second
    }
}

/// Parses a rate: `1Gbps`, `10 Gbps`, `500MB/s`.
fn bytes_per_second(text: &str) -> Option<f64> {
    let text = text.trim();
    let number_ends = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(number_ends);
    let unit = match unit.trim() {
        "Gbps" | "Gbit/s" => 1e9 / 8.0,
        "Mbps" | "Mbit/s" => 1e6 / 8.0,
        "GB/s" => 1e9,
        "MB/s" => 1e6,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * unit).filter(|rate| *rate > 0.0)
}

/// Parses a time: `3ns`, `0.2 ns`.
fn seconds(text: &str) -> Option<f64> {
    let nanos: f64 = text.trim().strip_suffix("ns")?.trim_end().parse().ok()?;
    Some(nanos * 1e-9).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_parsed_as_they_are_displayed() {
        let profile = Profile::from_str("nodes=8, net=10Gbps,disk=500MB/s").unwrap();
        assert_eq!((profile.nodes, profile.network_bytes_per_second), (8, 1.25e9));
        assert_eq!(profile.weights.spilled_byte, 4e-9);
        assert_eq!(Profile::from_str("").unwrap(), Profile::default());
        let weights = Weights { row: 4e-9, byte: 0.25e-9, ..Weights::default() };
        assert_eq!(weights.to_string().parse::<Profile>().unwrap().weights.to_string(), weights.to_string());
        assert!(weights.to_string().starts_with("row=4.00ns,byte=0.25ns,"));
        for text in [
            "row=3",
            "row=-1ns",
            "rows=3ns",
            "nodes",
            "nodes=0",
            "nodes=x",
            "net=1",
            "net=fast",
            "net=0Gbps",
            "racks=3",
        ] {
            assert!(matches!(Profile::from_str(text), Err(Error::Plan(_))), "{text}");
        }
    }
}
