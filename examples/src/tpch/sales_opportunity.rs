//! Q22: customers who might buy again.

use dataflow::prelude::*;

use super::{Customer, Order};

/// Customers of a country without orders.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Opportunity {
    pub code: String,
    pub customers: u64,
    pub acctbal: Decimal<2>,
}

/// Customers without orders whose balance is above the mean, by the country code of their phone.
#[dataflow]
pub fn sales_opportunity(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    codes: Vec<&'static str>,
) -> DataSet<Opportunity> {
    let near = customers.filter(|c| codes.iter().any(|code| c.phone.starts_with(code)));
    let mean = near.filter(|c| c.acctbal > 0).aggregate(|g| g.avg(|c| c.acctbal));
    near.with(mean)
        .filter(|c, mean| c.acctbal.to_f64() > mean)
        .map(|c, _| (c.custkey, c.phone.split_at(2).0, c.acctbal))
        .anti_join(orders)
        .on(|c| c.0, |o| o.custkey)
        .group_by(|c| c.1)
        .aggregate(|g| OpportunityRef { code: g.key, customers: g.count(), acctbal: g.sum(|c| c.2) })
        .sort(|o| asc(o.code))
}
