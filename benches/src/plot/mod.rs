//! Figures as SVG: panels side by side, with logarithmic axes.

mod axis;
mod figure;
mod panel;
mod svg;

pub(crate) use axis::{Axis, fraction_text};
pub(crate) use figure::Figure;
pub(crate) use panel::{Panel, Series, Stroke};
