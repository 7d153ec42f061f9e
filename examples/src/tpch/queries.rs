//! The 22 queries with the specification's validation parameters, over tables in files.

use std::io;
use std::path::PathBuf;

use dataflow::prelude::*;
use dataflow::{CsvOptions, Records, Result};

use super::*;
use crate::tpch_data::Table;

/// The tables as files.
pub struct Tables<'e> {
    env: &'e Env,
    folder: PathBuf,
}

impl<'e> Tables<'e> {
    /// Creates the tables over a folder of `tpch_data`.
    pub fn new(env: &'e Env, folder: impl Into<PathBuf>) -> Self {
        Tables { env, folder: folder.into() }
    }

    fn read<T: Record>(&self, table: Table) -> Result<DataSet<T>> {
        self.env.read_parquet(self.folder.join(table.file_name()).to_string_lossy())
    }
}

macro_rules! readers {
    ($($name:ident: $record:ident = $table:ident;)*) => {
        impl Tables<'_> {$(
            #[doc = concat!("The table of [`", stringify!($record), "`]s.")]
            /// # Errors
            /// Fails if the file cannot be read.
            pub fn $name(&self) -> Result<DataSet<$record>> {
                self.read(Table::$table)
            }
        )*}
    };
}
readers! {
    customers: Customer = Customer;
    items: LineItem = LineItem;
    nations: Nation = Nation;
    orders: Order = Orders;
    parts: Part = Part;
    partsupps: PartSupp = PartSupp;
    regions: Region = Region;
    suppliers: Supplier = Supplier;
}

/// The records of an answer, of any type.
pub struct Answer {
    /// The number of records.
    pub rows: usize,
    write: Box<WriteRows>,
}

type WriteRows = dyn Fn(&mut dyn io::Write) -> Result<()>;

impl Answer {
    fn new<T: Record>(records: Records<T>) -> Self {
        Answer { rows: records.len(), write: Box::new(move |out| records.write_lines(out)) }
    }

    /// Writes each record as a line of tab-separated values.
    ///
    /// # Errors
    /// Fails if `out` fails.
    pub fn write(&self, out: &mut dyn io::Write) -> Result<()> {
        (self.write)(out)
    }
}

/// A query.
pub struct Query {
    /// The name: `q1` to `q22`.
    pub name: &'static str,
    /// The title in the specification.
    pub title: &'static str,
    /// `true` if the answer's rows have a specified order.
    pub sorted: bool,
    answer: fn(&Tables<'_>) -> Result<Answer>,
    write: fn(&Tables<'_>, &str) -> Result<()>,
}

impl Query {
    /// Runs the query and returns its answer.
    ///
    /// # Errors
    /// Fails if a table cannot be read.
    pub fn run(&self, tables: &Tables<'_>) -> Result<Answer> {
        (self.answer)(tables)
    }

    /// Declares the query with an output file of tab-separated values, one record per line. The
    /// file exists after the tables' environment has run.
    ///
    /// # Errors
    /// Fails if a table cannot be read.
    pub fn write(&self, tables: &Tables<'_>, path: &str) -> Result<()> {
        (self.write)(tables, path)
    }
}

macro_rules! queries {
    ($($name:ident $sorted:ident $title:literal: |$tables:ident| $query:expr;)*) => {
        /// All queries in order.
        pub static QUERIES: &[Query] = &[$(
            Query {
                name: stringify!($name),
                title: $title,
                sorted: queries!(@ $sorted),
                answer: |$tables| Ok(Answer::new($query.records()?)),
                write: |$tables, path| {
                    $query.write_csv_with(path, CsvOptions { delimiter: b'\t', header: false, ..CsvOptions::default() });
                    Ok(())
                },
            }
        ),*];
    };
    (@ sorted) => { true };
    (@ any) => { false };
}

fn text(text: &str) -> String {
    text.to_owned()
}

queries! {
    q1 sorted "Pricing summary report": |t| pricing_summary(t.items()?, date!("1998-09-02"));
    q2 sorted "Minimum cost supplier": |t| minimum_cost_supplier(
        t.parts()?, t.suppliers()?, t.partsupps()?, t.nations()?, t.regions()?, 15, text("BRASS"), text("EUROPE"));
    q3 sorted "Shipping priority": |t| shipping_priority(
        t.customers()?, t.orders()?, t.items()?, text("BUILDING"), date!("1995-03-15"));
    q4 sorted "Order priority checking": |t| order_priority(t.orders()?, t.items()?, date!("1993-07-01"), date!("1993-10-01"));
    q5 sorted "Local supplier volume": |t| local_supplier_volume(
        t.customers()?, t.orders()?, t.items()?, t.suppliers()?, t.nations()?, t.regions()?, text("ASIA"),
        date!("1994-01-01"), date!("1995-01-01"));
    q6 any "Forecasting revenue change": |t| revenue_forecast(
        t.items()?, date!("1994-01-01"), date!("1995-01-01"), Decimal::from_scaled(5), Decimal::from_scaled(7),
        Decimal::from_integer(24));
    q7 sorted "Volume shipping": |t| volume_shipping(
        t.suppliers()?, t.items()?, t.orders()?, t.customers()?, t.nations()?, text("FRANCE"), text("GERMANY"),
        date!("1995-01-01"), date!("1996-12-31"));
    q8 sorted "National market share": |t| market_share(
        t.parts()?, t.suppliers()?, t.items()?, t.orders()?, t.customers()?, t.nations()?, t.regions()?, text("BRAZIL"),
        text("AMERICA"), text("ECONOMY ANODIZED STEEL"), date!("1995-01-01"), date!("1996-12-31"));
    q9 sorted "Product type profit measure": |t| product_type_profit(
        t.parts()?, t.suppliers()?, t.items()?, t.partsupps()?, t.orders()?, t.nations()?,
        Like::new("%green%"));
    q10 sorted "Returned item reporting": |t| returned_items(
        t.customers()?, t.orders()?, t.items()?, t.nations()?, date!("1993-10-01"), date!("1994-01-01"));
    q11 sorted "Important stock identification": |t| important_stock(
        t.partsupps()?, t.suppliers()?, t.nations()?, text("GERMANY"), 10_000);
    q12 sorted "Shipping modes and order priority": |t| shipping_modes(
        t.orders()?, t.items()?, text("MAIL"), text("SHIP"), date!("1994-01-01"), date!("1995-01-01"));
    q13 sorted "Customer distribution": |t| customer_distribution(
        t.customers()?, t.orders()?, Like::new("%special%requests%"));
    q14 any "Promotion effect": |t| promotion_effect(t.items()?, t.parts()?, date!("1995-09-01"), date!("1995-10-01"));
    q15 sorted "Top supplier": |t| top_supplier(t.items()?, t.suppliers()?, date!("1996-01-01"), date!("1996-04-01"));
    q16 sorted "Parts/supplier relationship": |t| parts_supplier_relationship(
        t.partsupps()?, t.parts()?, t.suppliers()?, text("Brand#45"), text("MEDIUM POLISHED"),
        vec![49, 14, 23, 45, 19, 3, 36, 9]);
    q17 any "Small-quantity-order revenue": |t| small_quantity_orders(
        t.items()?, t.parts()?, text("Brand#23"), text("MED BOX"));
    q18 sorted "Large volume customer": |t| large_volume_customers(t.customers()?, t.orders()?, t.items()?, 300);
    q19 any "Discounted revenue": |t| discounted_revenue(t.items()?, t.parts()?, vec![
        Choice { brand: "Brand#12", container: "SM", endings: &["CASE", "BOX", "PACK", "PKG"], quantity: (1, 11), size: 5 },
        Choice { brand: "Brand#23", container: "MED", endings: &["BAG", "BOX", "PKG", "PACK"], quantity: (10, 20), size: 10 },
        Choice { brand: "Brand#34", container: "LG", endings: &["CASE", "BOX", "PACK", "PKG"], quantity: (20, 30), size: 15 },
    ]);
    q20 sorted "Potential part promotion": |t| potential_promotion(
        t.suppliers()?, t.nations()?, t.partsupps()?, t.parts()?, t.items()?, text("forest"), text("CANADA"),
        date!("1994-01-01"), date!("1995-01-01"));
    q21 sorted "Suppliers who kept orders waiting": |t| waiting_suppliers(
        t.suppliers()?, t.items()?, t.orders()?, t.nations()?, text("SAUDI ARABIA"));
    q22 sorted "Global sales opportunity": |t| sales_opportunity(
        t.customers()?, t.orders()?, vec!["13", "31", "23", "29", "30", "18", "17"]);
}
