//! The eight tables and their generators.

use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::arrow::array::RecordBatchReader;
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

/// A table of TPC-H.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// 150,000 rows per unit of the scale factor.
    Customer,
    /// About 6,000,000 rows per unit of the scale factor.
    LineItem,
    /// 25 rows.
    Nation,
    /// 1,500,000 rows per unit of the scale factor.
    Orders,
    /// 200,000 rows per unit of the scale factor.
    Part,
    /// 800,000 rows per unit of the scale factor.
    PartSupp,
    /// 5 rows.
    Region,
    /// 10,000 rows per unit of the scale factor.
    Supplier,
}

impl Table {
    /// All eight tables in alphabetical order.
    pub const ALL: [Self; 8] = [
        Self::Customer,
        Self::LineItem,
        Self::Nation,
        Self::Orders,
        Self::Part,
        Self::PartSupp,
        Self::Region,
        Self::Supplier,
    ];

    /// Returns the name in the specification, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::LineItem => "lineitem",
            Self::Nation => "nation",
            Self::Orders => "orders",
            Self::Part => "part",
            Self::PartSupp => "partsupp",
            Self::Region => "region",
            Self::Supplier => "supplier",
        }
    }

    /// Returns `<name>.parquet`.
    pub fn file_name(self) -> String {
        format!("{}.parquet", self.name())
    }

    /// A description of a file of the table, for messages.
    pub(super) fn content(self, scale: f64) -> String {
        let about = if self == Self::LineItem { "about " } else { "" };
        format!("table {} of TPC-H at scale factor {scale}, {about}{} rows", self.name(), self.estimated_rows(scale))
    }

    /// The number of rows at a scale factor. An estimate for [`Table::LineItem`], since orders have
    /// one to seven items.
    pub(super) fn estimated_rows(self, scale: f64) -> u64 {
        let rows_at_scale_1 = match self {
            Self::Customer => 150_000.0,
            Self::LineItem => 6_001_215.0,
            Self::Nation => return 25,
            Self::Orders => 1_500_000.0,
            Self::Part => 200_000.0,
            Self::PartSupp => 800_000.0,
            Self::Region => return 5,
            Self::Supplier => 10_000.0,
        };
        (rows_at_scale_1 * scale) as u64
    }

    /// Generates the rows in order, as Arrow batches of about `batch_rows` rows.
    pub(super) fn batches(self, scale: f64, batch_rows: usize) -> Box<dyn RecordBatchReader + Send> {
        macro_rules! reader {
            ($arrow:ident, $generator:ident) => {
                Box::new($arrow::new($generator::new(scale, 1, 1)).with_batch_size(batch_rows))
            };
        }
        match self {
            Self::Customer => reader!(CustomerArrow, CustomerGenerator),
            Self::LineItem => reader!(LineItemArrow, LineItemGenerator),
            Self::Nation => reader!(NationArrow, NationGenerator),
            Self::Orders => reader!(OrderArrow, OrderGenerator),
            Self::Part => reader!(PartArrow, PartGenerator),
            Self::PartSupp => reader!(PartSuppArrow, PartSuppGenerator),
            Self::Region => reader!(RegionArrow, RegionGenerator),
            Self::Supplier => reader!(SupplierArrow, SupplierGenerator),
        }
    }
}
