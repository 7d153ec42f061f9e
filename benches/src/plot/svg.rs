//! Elements of an SVG file.

use std::fmt::Write;

/// The alignment of a text relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// Elements in drawing order.
#[derive(Debug, Default)]
pub(super) struct Svg {
    body: String,
}

impl Svg {
    /// Draws a text with a class of [`STYLE`].
    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let (x, y, anchor) = (at.0, at.1, anchor.name());
        self.element(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{}</text>"#,
            escaped(text)
        ));
    }

    /// Draws a text rotated to read upwards.
    pub(super) fn rising_text(&mut self, at: (f64, f64), class: &str, text: &str) {
        let ((x, y), text) = (at, escaped(text));
        let turn = format_args!("translate({x:.1} {y:.1}) rotate(-90)").to_string();
        self.element(format_args!(r#"<text transform="{turn}" text-anchor="middle" class="{class}">{text}</text>"#));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.element(format_args!(r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#));
    }

    pub(super) fn rectangle(&mut self, corner: (f64, f64), size: (f64, f64), class: &str) {
        let ((x, y), (width, height)) = (corner, size);
        self.element(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" class="{class}"/>"#
        ));
    }

    /// Draws an outline of points. `style` is written unchanged.
    pub(super) fn path(&mut self, points: &[(f64, f64)], is_closed: bool, style: &str) {
        let mut outline = String::new();
        for (position, (x, y)) in points.iter().enumerate() {
            let step = if position == 0 { 'M' } else { 'L' };
            // Writing to a string does not fail.
            let _ = write!(outline, "{step}{x:.1} {y:.1}");
        }
        let end = if is_closed { "Z" } else { "" };
        self.element(format_args!(r#"<path d="{outline}{end}" {style}/>"#));
    }

    pub(super) fn circle(&mut self, center: (f64, f64), radius: f64, style: &str) {
        let (x, y) = center;
        self.element(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" {style}/>"#));
    }

    /// Returns the file. Its background is white, since it is shown on pages of any colour.
    pub(super) fn finish(self, (width, height): (f64, f64), title: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escaped(title),
            self.body
        )
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.body, "{element}");
    }
}

const STYLE: &str = "text{font-family:system-ui,'Segoe UI','DejaVu Sans',Helvetica,sans-serif;fill:#333}\
    .title{font-size:17px;font-weight:600;fill:#111}.note{font-size:12px;fill:#666}.panel{font-size:14px;font-weight:600;fill:#111;paint-order:stroke;stroke:#fff;stroke-width:6px}\
    .tick{font-size:11px;fill:#555}.label{font-size:12px}.key{font-size:12.5px}\
    .grid{stroke:#e6e6e6;stroke-width:1}.one{stroke:#333;stroke-width:1.4}.frame{fill:none;stroke:#999;stroke-width:1}.band{fill:#f7f2f2}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
