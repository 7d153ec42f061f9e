//! Q18: customers with large orders.

use dataflow::prelude::*;

use super::{Customer, LineItem, Order};

/// A large order and its customer.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct LargeOrder {
    pub name: String,
    pub custkey: i64,
    pub orderkey: i64,
    pub orderdate: Date,
    pub totalprice: Decimal<2>,
    pub quantity: Decimal<2>,
}

/// The hundred most expensive orders of more than `quantity` pieces.
#[dataflow]
pub fn large_volume_customers(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    quantity: i64,
) -> DataSet<LargeOrder> {
    let large = items.project(|l| (l.orderkey, l.quantity)).group_by(|l| l.0).sum(|l| l.1).filter(|l| l.1 > quantity);
    orders
        .join(large)
        .on(|o| o.orderkey, |l| l.0)
        .map(|o, l| (o.orderkey, o.custkey, o.orderdate, o.totalprice, l.1))
        .join(customers)
        .on(|o| o.1, |c| c.custkey)
        .map(|(orderkey, custkey, orderdate, totalprice, quantity), c| LargeOrderRef {
            name: c.name,
            custkey,
            orderkey,
            orderdate,
            totalprice,
            quantity,
        })
        .top(100, |o| (desc(o.totalprice), asc(o.orderdate)))
}
