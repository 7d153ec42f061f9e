//! Logarithmic axes.

/// A range of positive values with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// The quantity and its unit.
    pub(crate) label: String,
    low: f64,
    high: f64,
    is_falling: bool,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Creates an axis with ticks at 1, 2 and 5 of each power of ten, and more ticks in small
    /// ranges. It spans all values with a small margin.
    pub(crate) fn decimal(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = bounds(values);
        // At least a factor of 2.5, so that small changes look small.
        let room = (2.5 / (high / low)).max(1.0).sqrt() * 1.12;
        let (low, high) = (low / room, high * room);
        let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let between: &[f64] = if high / low < 8.0 { &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0] } else { &[1.0, 2.0, 5.0] };
        let marks = powers.flat_map(|power| between.iter().map(move |mark| mark * 10_f64.powi(power)));
        let ticks = marks.filter(|mark| (low..=high).contains(mark)).map(|mark| (mark, decimal_text(mark))).collect();
        Self { label: label.to_owned(), low, high, is_falling: false, ticks }
    }

    /// Creates an axis with a tick at each power of two, labelled by `text`.
    pub(crate) fn binary(label: &str, values: impl IntoIterator<Item = f64>, text: impl Fn(f64) -> String) -> Self {
        let (low, high) = bounds(values);
        let powers = low.log2().round() as i32..=high.log2().round() as i32;
        let ticks = powers.map(|power| 2_f64.powi(power)).map(|mark| (mark, text(mark))).collect();
        Self { label: label.to_owned(), low: low / 1.15, high: high * 1.15, is_falling: false, ticks }
    }

    /// Returns the same axis with its highest value at the start.
    pub(crate) fn falling(self) -> Self {
        Self { is_falling: true, ..self }
    }

    /// The position of a value, from 0 at the start to 1 at the end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = (value / self.low).ln() / (self.high / self.low).ln();
        if self.is_falling { 1.0 - place } else { place }
    }
}

/// The least and the greatest value, or 1 and 1 without values.
fn bounds(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let above_zero = values.into_iter().filter(|value| *value > 0.0);
    let (low, high) = above_zero.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (1.0, 1.0) }
}

/// Formats with at most six decimals, without trailing zeros.
fn decimal_text(mark: f64) -> String {
    let text = format!("{mark:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Formats a power of two below one as a fraction: `1/8`.
pub(crate) fn fraction_text(mark: f64) -> String {
    if mark < 1.0 { format!("1/{:.0}", 1.0 / mark) } else { format!("{mark:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_proportional_to_logarithms() {
        let axis = Axis::binary("memory", [0.25, 4.0], fraction_text);
        let names: Vec<_> = axis.ticks.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["1/4", "1/2", "1", "2", "4"]);
        assert!((axis.place(1.0) - 0.5).abs() < 1e-9);
        assert!(axis.place(0.25) > 0.0 && axis.place(4.0) < 1.0);
        assert!((axis.clone().falling().place(0.5) - axis.place(2.0)).abs() < 1e-9);
    }

    #[test]
    fn decimal_ticks_are_inside_and_short() {
        let axis = Axis::decimal("seconds", [0.3, 7.0]);
        let names: Vec<_> = axis.ticks.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["0.5", "1", "2", "5"]);
        assert!(axis.ticks.iter().all(|(mark, _)| (0.0..=1.0).contains(&axis.place(*mark))));
        let narrow = Axis::decimal("seconds", [1.0]).ticks;
        assert_eq!(narrow.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["0.7", "1", "1.5"]);
        assert!(!Axis::decimal("seconds", []).ticks.is_empty());
    }
}
