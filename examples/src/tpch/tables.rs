//! The tables that the queries read. Names are those of TPC-H, without the column prefixes.

use dataflow::prelude::*;

/// A customer.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Customer {
    #[record(name = "c_custkey")]
    pub custkey: i64,
    #[record(name = "c_name")]
    pub name: String,
    #[record(name = "c_address")]
    pub address: String,
    #[record(name = "c_nationkey")]
    pub nationkey: i64,
    #[record(name = "c_phone")]
    pub phone: String,
    #[record(name = "c_acctbal")]
    pub acctbal: Decimal<2>,
    #[record(name = "c_mktsegment")]
    pub mktsegment: String,
    #[record(name = "c_comment")]
    pub comment: String,
}

/// An order of a customer.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Order {
    #[record(name = "o_orderkey")]
    pub orderkey: i64,
    #[record(name = "o_custkey")]
    pub custkey: i64,
    #[record(name = "o_orderstatus")]
    pub orderstatus: String,
    #[record(name = "o_totalprice")]
    pub totalprice: Decimal<2>,
    #[record(name = "o_orderdate")]
    pub orderdate: Date,
    #[record(name = "o_orderpriority")]
    pub orderpriority: String,
    #[record(name = "o_clerk")]
    pub clerk: String,
    #[record(name = "o_shippriority")]
    pub shippriority: i32,
    #[record(name = "o_comment")]
    pub comment: String,
}

/// A line of an order.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct LineItem {
    #[record(name = "l_orderkey")]
    pub orderkey: i64,
    #[record(name = "l_partkey")]
    pub partkey: i64,
    #[record(name = "l_suppkey")]
    pub suppkey: i64,
    #[record(name = "l_linenumber")]
    pub linenumber: i32,
    #[record(name = "l_quantity")]
    pub quantity: Decimal<2>,
    #[record(name = "l_extendedprice")]
    pub extendedprice: Decimal<2>,
    #[record(name = "l_discount")]
    pub discount: Decimal<2>,
    #[record(name = "l_tax")]
    pub tax: Decimal<2>,
    #[record(name = "l_returnflag")]
    pub returnflag: String,
    #[record(name = "l_linestatus")]
    pub linestatus: String,
    #[record(name = "l_shipdate")]
    pub shipdate: Date,
    #[record(name = "l_commitdate")]
    pub commitdate: Date,
    #[record(name = "l_receiptdate")]
    pub receiptdate: Date,
    #[record(name = "l_shipinstruct")]
    pub shipinstruct: String,
    #[record(name = "l_shipmode")]
    pub shipmode: String,
    #[record(name = "l_comment")]
    pub comment: String,
}

/// A nation of a region.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Nation {
    #[record(name = "n_nationkey")]
    pub nationkey: i64,
    #[record(name = "n_name")]
    pub name: String,
    #[record(name = "n_regionkey")]
    pub regionkey: i64,
    #[record(name = "n_comment")]
    pub comment: String,
}

/// A region of the world.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Region {
    #[record(name = "r_regionkey")]
    pub regionkey: i64,
    #[record(name = "r_name")]
    pub name: String,
    #[record(name = "r_comment")]
    pub comment: String,
}

/// A part that suppliers offer.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Part {
    #[record(name = "p_partkey")]
    pub partkey: i64,
    #[record(name = "p_name")]
    pub name: String,
    #[record(name = "p_mfgr")]
    pub mfgr: String,
    #[record(name = "p_brand")]
    pub brand: String,
    #[record(name = "p_type")]
    pub kind: String,
    #[record(name = "p_size")]
    pub size: i32,
    #[record(name = "p_container")]
    pub container: String,
    #[record(name = "p_retailprice")]
    pub retailprice: Decimal<2>,
    #[record(name = "p_comment")]
    pub comment: String,
}

/// A supplier's stock and price of a part.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PartSupp {
    #[record(name = "ps_partkey")]
    pub partkey: i64,
    #[record(name = "ps_suppkey")]
    pub suppkey: i64,
    #[record(name = "ps_availqty")]
    pub availqty: i32,
    #[record(name = "ps_supplycost")]
    pub supplycost: Decimal<2>,
    #[record(name = "ps_comment")]
    pub comment: String,
}

/// A supplier.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Supplier {
    #[record(name = "s_suppkey")]
    pub suppkey: i64,
    #[record(name = "s_name")]
    pub name: String,
    #[record(name = "s_address")]
    pub address: String,
    #[record(name = "s_nationkey")]
    pub nationkey: i64,
    #[record(name = "s_phone")]
    pub phone: String,
    #[record(name = "s_acctbal")]
    pub acctbal: Decimal<2>,
    #[record(name = "s_comment")]
    pub comment: String,
}
