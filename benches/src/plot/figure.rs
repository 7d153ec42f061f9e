//! Panels side by side with one key.

use std::fs;
use std::path::Path;

use super::panel::{Area, Panel, Series, draw_sample};
use super::svg::{Anchor, Svg};
use crate::error::{Error, Result};

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// The title.
    pub(crate) title: String,
    /// The origin of the measurements.
    pub(crate) note: String,
    /// The panels from left to right.
    pub(crate) panels: Vec<Panel>,
}

const PANEL_WIDTH: f64 = 330.0;
const PANEL_HEIGHT: f64 = 290.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 118.0;
const BOTTOM: f64 = 52.0;
const SAMPLE_WIDTH: f64 = 30.0;

/// Average width of a letter in the key, since SVG cannot measure text.
const LETTER_WIDTH: f64 = 6.6;

/// Writes the file of a figure.
pub(super) fn write_svg(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
    }
    fs::write(path, text).map_err(Error::io("write", path))?;
    println!("figure: {}", path.display());
    Ok(())
}

impl Figure {
    /// Writes the file.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        write_svg(path, &self.svg())
    }

    fn svg(&self) -> String {
        let mut svg = Svg::default();
        svg.text((LEFT, 28.0), Anchor::Start, "title", &self.title);
        svg.text((LEFT, 48.0), Anchor::Start, "note", &self.note);
        self.draw_key(&mut svg);
        // A single panel is wider.
        let panel_width = if self.panels.len() == 1 { PANEL_WIDTH * 1.9 } else { PANEL_WIDTH };
        for (position, panel) in self.panels.iter().enumerate() {
            let left = LEFT + position as f64 * (panel_width + LEFT + RIGHT);
            panel.draw(&mut svg, Area { left, top: TOP, width: panel_width, height: PANEL_HEIGHT });
        }
        let width = self.panels.len() as f64 * (panel_width + LEFT + RIGHT);
        svg.finish((width, TOP + PANEL_HEIGHT + BOTTOM), &self.title)
    }

    /// Draws each name once, in the order of the panels. The topmost curve is first.
    fn draw_key(&self, svg: &mut Svg) {
        let mut named: Vec<&Series> = Vec::new();
        for series in self.panels.iter().flat_map(|panel| panel.series.iter().rev()) {
            if named.iter().all(|other| other.name != series.name) {
                named.push(series);
            }
        }
        // A single name is in the title.
        if named.len() < 2 {
            return;
        }
        let mut x = LEFT;
        for series in named {
            draw_sample(svg, (x, 72.0), SAMPLE_WIDTH, series);
            svg.text((x + SAMPLE_WIDTH + 6.0, 76.0), Anchor::Start, "key", &series.name);
            x += SAMPLE_WIDTH + 26.0 + series.name.chars().count() as f64 * LETTER_WIDTH;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Stroke};
    use super::*;

    #[test]
    fn a_figure_has_every_curve_failure_and_name() {
        let series = |name: &str, stroke, points: &[(f64, f64)], failed_at: &[f64]| Series {
            name: name.to_owned(),
            color: "#0072b2",
            stroke,
            points: points.to_vec(),
            failed_at: failed_at.to_vec(),
        };
        let panel = Panel {
            title: "sort".to_owned(),
            x: Axis::binary("memory / data", [0.5, 2.0], |mark| mark.to_string()).falling(),
            y: Axis::decimal("seconds", [1.0, 3.0]),
            series: vec![
                series("a <b>", Stroke::Plain, &[(2.0, 1.0)], &[1.0, 0.5]),
                series("ours", Stroke::Strong, &[(2.0, 2.0), (1.0, 3.0)], &[]),
            ],
        };
        let figure = Figure { title: "T".to_owned(), note: String::new(), panels: vec![panel.clone(), panel] };
        let svg = figure.svg();
        let count = |part: &str| svg.matches(part).count();
        // Six marks, and one of each in the key.
        assert_eq!(count("<circle"), 8);
        // One line each and one in the key, and two strokes for each of four crosses.
        assert_eq!(count("<path"), 4 + 2 + 8);
        assert_eq!(count("a &lt;b&gt;"), 1);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }
}
