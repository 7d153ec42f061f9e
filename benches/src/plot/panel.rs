//! One coordinate system with its curves.

use super::Axis;
use super::svg::{Anchor, Svg};

/// The style of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stroke {
    /// The main curve of the figure.
    Strong,
    /// A curve to compare with.
    Plain,
    /// A curve that is no system: dotted, without marks.
    Dotted,
    /// A system that does not depend on the axis: a dashed horizontal line at its only value.
    Across,
}

/// A curve.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Its name in the key.
    pub(crate) name: String,
    /// A CSS colour.
    pub(crate) color: &'static str,
    /// Its style.
    pub(crate) stroke: Stroke,
    /// The points in the order of the horizontal axis.
    pub(crate) points: Vec<(f64, f64)>,
    /// Horizontal positions of failed runs, which have no value.
    pub(crate) failed_at: Vec<f64>,
}

/// A coordinate system with its curves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Panel {
    /// The title above it.
    pub(crate) title: String,
    /// The horizontal axis.
    pub(crate) x: Axis,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// The curves. The last one is drawn on top.
    pub(crate) series: Vec<Series>,
}

/// Height of a row of failures above the curves.
const ROW_HEIGHT: f64 = 15.0;

/// The area of a panel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    fn right(self) -> f64 {
        self.left + self.width
    }

    fn bottom(self) -> f64 {
        self.top + self.height
    }
}

impl Panel {
    pub(super) fn draw(&self, svg: &mut Svg, area: Area) {
        svg.text((area.left, area.top - 10.0), Anchor::Start, "panel", &self.title);
        let curves = self.draw_failures(svg, area);
        self.draw_grid(svg, curves);
        svg.rectangle((area.left, area.top), (area.width, area.height), "frame");
        for series in &self.series {
            self.draw_series(svg, curves, series);
        }
    }

    /// Draws a row of crosses for each series with failures. Returns the remaining area for curves.
    fn draw_failures(&self, svg: &mut Svg, area: Area) -> Area {
        let failed: Vec<&Series> = self.series.iter().filter(|series| !series.failed_at.is_empty()).collect();
        if failed.is_empty() {
            return area;
        }
        let height = ROW_HEIGHT * failed.len() as f64 + 6.0;
        svg.rectangle((area.left, area.top), (area.width, height), "band");
        for (row, series) in failed.iter().enumerate() {
            let y = area.top + 3.0 + ROW_HEIGHT * (row as f64 + 0.5);
            for &x in &series.failed_at {
                draw_cross(svg, (area.left + self.x.place(x) * area.width, y), series.color);
            }
        }
        svg.text((area.left - 6.0, area.top + height / 2.0 + 4.0), Anchor::End, "tick", "failed");
        Area { top: area.top + height, height: area.height - height, ..area }
    }

    fn draw_grid(&self, svg: &mut Svg, area: Area) {
        for (mark, name) in &self.x.ticks {
            let x = area.left + self.x.place(*mark) * area.width;
            svg.line((x, area.top), (x, area.bottom()), "grid");
            svg.text((x, area.bottom() + 16.0), Anchor::Middle, "tick", name);
        }
        for (mark, name) in &self.y.ticks {
            let y = area.bottom() - self.y.place(*mark) * area.height;
            svg.line((area.left, y), (area.right(), y), "grid");
            svg.text((area.left - 6.0, y + 4.0), Anchor::End, "tick", name);
        }
        let below = area.bottom() + 36.0;
        svg.text((area.left + area.width / 2.0, below), Anchor::Middle, "label", &self.x.label);
        svg.rising_text((area.left - 44.0, area.top + area.height / 2.0), "label", &self.y.label);
    }

    fn draw_series(&self, svg: &mut Svg, area: Area, series: &Series) {
        let place = |(x, y): (f64, f64)| {
            (area.left + self.x.place(x) * area.width, area.bottom() - self.y.place(y) * area.height)
        };
        let mut points: Vec<_> = series.points.iter().map(|point| place(*point)).collect();
        if let (Stroke::Across, Some((_, y))) = (series.stroke, points.first().copied()) {
            points = vec![(area.left, y), (area.right(), y)];
        }
        svg.path(&points, false, &line_style(series));
        points.iter().for_each(|point| draw_mark(svg, *point, series));
    }
}

/// Draws a sample of a series' style for the key.
pub(super) fn draw_sample(svg: &mut Svg, (x, y): (f64, f64), width: f64, series: &Series) {
    svg.path(&[(x, y), (x + width, y)], false, &line_style(series));
    draw_mark(svg, (x + width / 2.0, y), series);
}

fn line_style(series: &Series) -> String {
    let (width, dashes) = match series.stroke {
        Stroke::Strong => (2.8, "none"),
        Stroke::Plain => (1.6, "none"),
        Stroke::Dotted => (2.0, "2 4"),
        Stroke::Across => (1.6, "7 4"),
    };
    let color = series.color;
    format!(
        r#"fill="none" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes}" stroke-linejoin="round""#
    )
}

fn draw_mark(svg: &mut Svg, (x, y): (f64, f64), series: &Series) {
    let color = series.color;
    match series.stroke {
        Stroke::Strong => svg.circle((x, y), 4.0, &format!(r##"fill="{color}" stroke="#fff" stroke-width="1""##)),
        Stroke::Plain => svg.circle((x, y), 3.0, &format!(r##"fill="#fff" stroke="{color}" stroke-width="1.6""##)),
        Stroke::Dotted | Stroke::Across => {}
    }
}

fn draw_cross(svg: &mut Svg, (x, y): (f64, f64), color: &str) {
    let style = format!(r#"stroke="{color}" stroke-width="1.8""#);
    svg.path(&[(x - 3.5, y - 3.5), (x + 3.5, y + 3.5)], false, &style);
    svg.path(&[(x - 3.5, y + 3.5), (x + 3.5, y - 3.5)], false, &style);
}
