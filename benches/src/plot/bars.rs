//! Values in rows, by group, with a line at 1.

use std::path::Path;

use super::Axis;
use super::figure::write_svg;
use super::svg::{Anchor, Svg};
use crate::error::Result;

/// A figure with rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bars {
    /// The title.
    pub(crate) title: String,
    /// The origin of the measurements.
    pub(crate) note: String,
    /// The horizontal axis.
    pub(crate) axis: Axis,
    /// The groups from top to bottom.
    pub(crate) groups: Vec<Group>,
}

/// Rows below one title.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) spans: Vec<Span>,
}

/// A row: a value, with the least and the greatest value that it summarizes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

const LEFT: f64 = 110.0;
const TOP: f64 = 70.0;
const WIDTH: f64 = 560.0;
const RIGHT: f64 = 60.0;
const ROW_HEIGHT: f64 = 22.0;
const TITLE_HEIGHT: f64 = 30.0;
const BOTTOM: f64 = 56.0;

/// Colours that are distinguishable with colour blindness.
const SLOWER: &str = "#0072b2";
const QUICKER: &str = "#d55e00";

impl Bars {
    /// Writes the file.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        write_svg(path, &self.svg())
    }

    fn svg(&self) -> String {
        let mut svg = Svg::default();
        svg.text((16.0, 28.0), Anchor::Start, "title", &self.title);
        svg.text((16.0, 48.0), Anchor::Start, "note", &self.note);
        let rows = |group: &Group| TITLE_HEIGHT + ROW_HEIGHT * group.spans.len() as f64;
        let height: f64 = self.groups.iter().map(rows).sum();
        let bottom = TOP + height + 8.0;
        for (mark, name) in &self.axis.ticks {
            let class = if *mark == 1.0 { "one" } else { "grid" };
            svg.line((self.x(*mark), TOP), (self.x(*mark), bottom), class);
            svg.text((self.x(*mark), bottom + 16.0), Anchor::Middle, "tick", name);
        }
        svg.text((LEFT + WIDTH / 2.0, bottom + 36.0), Anchor::Middle, "label", &self.axis.label);
        let mut y = TOP;
        for group in &self.groups {
            svg.text((16.0, y + 20.0), Anchor::Start, "panel", &group.title);
            y += TITLE_HEIGHT;
            for span in &group.spans {
                self.draw_span(&mut svg, y + ROW_HEIGHT / 2.0, span);
                y += ROW_HEIGHT;
            }
        }
        svg.finish((LEFT + WIDTH + RIGHT, TOP + height + BOTTOM), &self.title)
    }

    fn draw_span(&self, svg: &mut Svg, y: f64, span: &Span) {
        let color = if span.value >= 1.0 { SLOWER } else { QUICKER };
        svg.text((LEFT - 10.0, y + 4.0), Anchor::End, "key", &span.name);
        let line = [(self.x(span.least), y), (self.x(span.greatest), y)];
        svg.path(&line, false, &format!(r#"stroke="{color}" stroke-width="3" stroke-opacity="0.35""#));
        svg.circle((self.x(span.value), y), 5.0, &format!(r##"fill="{color}" stroke="#fff" stroke-width="1""##));
        svg.text((self.x(span.greatest) + 10.0, y + 4.0), Anchor::Start, "tick", &format!("{:.2}", span.value));
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.axis.place(value) * WIDTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_a_line_a_dot_and_its_value() {
        let span =
            |name: &str, value: f64| Span { name: name.to_owned(), value, least: value / 2.0, greatest: value * 2.0 };
        let group = Group { title: "a <b>".to_owned(), spans: vec![span("one", 0.8), span("two", 3.0)] };
        let axis = Axis::decimal("times", [0.4, 6.0]);
        let svg = Bars { title: "T".to_owned(), note: String::new(), axis, groups: vec![group] }.svg();
        assert_eq!((svg.matches("<circle").count(), svg.matches("<path").count()), (2, 2));
        assert_eq!((svg.matches(QUICKER).count(), svg.matches(SLOWER).count()), (2, 2));
        assert!(svg.contains(">0.80<") && svg.contains(">3.00<") && svg.contains("a &lt;b&gt;"), "{svg}");
        assert_eq!(svg.matches(r#"class="one""#).count(), 1);
    }
}
