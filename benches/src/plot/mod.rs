//! Figures as SVG, with logarithmic axes: panels side by side, and values in rows.

mod axis;
mod bars;
mod figure;
mod panel;
mod svg;

pub(crate) use axis::{Axis, fraction_text};
pub(crate) use bars::{Bars, Group, Span};
pub(crate) use figure::Figure;
pub(crate) use panel::{Panel, Series, Stroke};
