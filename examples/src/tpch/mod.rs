//! TPC-H: its tables as records, and queries as pipelines.

mod pricing_summary;
mod revenue_forecast;
mod shipping_priority;
mod tables;

pub use pricing_summary::{PricingSummary, pricing_summary};
pub use revenue_forecast::{Forecast, revenue_forecast};
pub use shipping_priority::{Revenue, shipping_priority};
pub use tables::{Customer, LineItem, Order};
