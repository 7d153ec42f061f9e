"""Polars with its streaming engine."""

import tempfile
from datetime import date
from decimal import Decimal

import polars as pl
from polars import col

from digest import Written
from h2o_polars import QUERIES, VARIANTS
from pairs import Checksum


def cases(options):
    if options.suite == "word_count":
        return {"word_count": (lambda: collect(word_count(options.text)), pl.DataFrame.iter_rows)}

    if options.suite in ("sort", "cliff"):
        return table_cases(options.tables)

    if options.suite == "h2o":
        return h2o_cases(options.tables)

    def scan(table):
        return pl.scan_parquet(f"{options.tpch}/{table}.parquet")

    queries = {f"q{number}": globals()[f"q{number}"] for number in range(1, 23)}
    return {name: (lambda query=query: collect(query(scan)), pl.DataFrame.iter_rows) for name, query in queries.items()}


def collect(query):
    return query.collect(engine="streaming")


def table_cases(folder):
    def table(name):
        return pl.scan_parquet(f"{folder}/{name}.parquet")

    run_sort = (lambda: sort(f"{folder}/pairs.parquet"), lambda rows: rows)
    return {
        "ample": run_sort,
        "sort": run_sort,
        "group": (lambda: collect(group(table)), pl.DataFrame.iter_rows),
        "join": (lambda: collect(join(table)), pl.DataFrame.iter_rows),
    }


def h2o_cases(folder):
    def case(name, variant, query):
        path = f"{tempfile.gettempdir()}/h2o-polars-{name}.parquet"

        def run():
            rows = query(lambda table: pl.scan_parquet(f"{folder}/{variant}/{table}.parquet"))
            rows.sink_parquet(path, compression="snappy", engine="streaming")
            return Written(path)

        return run, Written.rows

    named = {(f"{name}_{variant}" if variant != "plain" else name): (variant, query)
             for name, query in QUERIES.items() for variant in VARIANTS}
    return {name: case(name, *of) for name, of in named.items()}


def group(table):
    groups = table("facts").group_by("id").agg(rows=pl.len().cast(pl.Int64), total=col("amount").sum())
    rows, total = col("rows"), col("total")
    return groups.select(
        pl.len(), (rows * rows).sum().alias("squares"), total.sum(), (col("id") * total).sum().alias("by_id")
    )


def join(table):
    pairs = table("facts").join(table("dimension"), on="id")
    return pairs.select(pl.len(), (col("amount") * col("weight")).sum())


def sort(path):
    # The fastest variant: collect, eager frames of the mapped binary file, and the in-memory engine took longer.
    consumed = Checksum()
    for batch in pl.scan_parquet(path).sort("key").collect_batches(engine="streaming"):
        consumed.add(batch["key"].to_numpy(), batch["value"].to_numpy())
    return consumed.answer()


def word_count(path):
    # The fastest variant: scan_csv with one column, explode inside select and extract_all all took longer.
    return pl.scan_lines(path).select(col("line").str.split(" ")).explode("line").group_by("line").agg(pl.len())


# Decimals are cast to floats, as is usual with Polars: its decimal arithmetic is several times slower.
def f64(name):
    return col(name).cast(pl.Float64)


VOLUME = f64("l_extendedprice") * (1 - f64("l_discount"))


def nations_of(scan, region):
    regions = scan("region").filter(col("r_name") == region)
    return scan("nation").join(regions, left_on="n_regionkey", right_on="r_regionkey", how="semi")


def suppliers_of(scan, nation):
    nations = scan("nation").filter(col("n_name") == nation)
    return scan("supplier").join(nations, left_on="s_nationkey", right_on="n_nationkey", how="semi")


def q1(scan):
    discounted = col("price") * (1 - col("discount"))
    return (
        scan("lineitem")
        .filter(col("l_shipdate") <= date(1998, 9, 2))
        .select(
            "l_returnflag",
            "l_linestatus",
            quantity=f64("l_quantity"),
            price=f64("l_extendedprice"),
            discount=f64("l_discount"),
            tax=f64("l_tax"),
        )
        .group_by("l_returnflag", "l_linestatus")
        .agg(
            pl.sum("quantity").alias("sum_qty"),
            pl.sum("price").alias("sum_base_price"),
            discounted.sum().alias("sum_disc_price"),
            (discounted * (1 + col("tax"))).sum().alias("sum_charge"),
            pl.mean("quantity").alias("avg_qty"),
            pl.mean("price").alias("avg_price"),
            pl.mean("discount").alias("avg_disc"),
            pl.len().alias("count_order"),
        )
        .sort("l_returnflag", "l_linestatus")
    )


def q2(scan):
    parts = scan("part").filter(col("p_size") == 15, col("p_type").str.ends_with("BRASS"))
    suppliers = scan("supplier").join(nations_of(scan, "EUROPE"), left_on="s_nationkey", right_on="n_nationkey")
    columns = ["s_acctbal", "s_name", "n_name", "p_partkey", "p_mfgr", "s_address", "s_phone", "s_comment"]
    return (
        parts.join(scan("partsupp"), left_on="p_partkey", right_on="ps_partkey")
        .join(suppliers, left_on="ps_suppkey", right_on="s_suppkey")
        .filter(col("ps_supplycost") == col("ps_supplycost").min().over("p_partkey"))
        .select(*columns, "ps_supplycost")
        .top_k(100, by=["s_acctbal", "n_name", "s_name", "p_partkey"], reverse=[False, True, True, True])
        .sort("s_acctbal", "n_name", "s_name", "p_partkey", descending=[True, False, False, False])
    )


def q3(scan):
    customers = scan("customer").filter(col("c_mktsegment") == "BUILDING")
    orders = scan("orders").filter(col("o_orderdate") < date(1995, 3, 15))
    items = scan("lineitem").filter(col("l_shipdate") > date(1995, 3, 15))
    return (
        customers.join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(items, left_on="o_orderkey", right_on="l_orderkey")
        .group_by("o_orderkey", "o_orderdate", "o_shippriority")
        .agg(VOLUME.sum().alias("revenue"))
        .select("o_orderkey", "revenue", "o_orderdate", "o_shippriority")
        .top_k(10, by=["revenue", "o_orderdate"], reverse=[False, True])
        .sort("revenue", "o_orderdate", descending=[True, False])
    )


def q4(scan):
    orders = scan("orders").filter(col("o_orderdate").is_between(date(1993, 7, 1), date(1993, 10, 1), closed="left"))
    late_items = scan("lineitem").filter(col("l_commitdate") < col("l_receiptdate"))
    # Slightly faster than a semi join.
    return (
        orders.join(late_items, left_on="o_orderkey", right_on="l_orderkey")
        .unique("o_orderkey")
        .group_by("o_orderpriority")
        .agg(pl.len().alias("order_count"))
        .sort("o_orderpriority")
    )


def q5(scan):
    nations = nations_of(scan, "ASIA")
    customers = scan("customer").join(nations, left_on="c_nationkey", right_on="n_nationkey", how="semi")
    suppliers = scan("supplier").join(nations, left_on="s_nationkey", right_on="n_nationkey")
    orders = scan("orders").filter(col("o_orderdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"))
    return (
        customers.join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(scan("lineitem"), left_on="o_orderkey", right_on="l_orderkey")
        .join(suppliers, left_on=["l_suppkey", "c_nationkey"], right_on=["s_suppkey", "s_nationkey"])
        .group_by("n_name")
        .agg(VOLUME.sum().alias("revenue"))
        .sort("revenue", descending=True)
    )


def q6(scan):
    # The bounds compare as decimals: exact, and slightly faster than as floats.
    return (
        scan("lineitem")
        .filter(
            col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"),
            col("l_discount").is_between(Decimal("0.05"), Decimal("0.07")),
            col("l_quantity") < 24,
        )
        .select((f64("l_extendedprice") * f64("l_discount")).sum())
    )


def q7(scan):
    nations = scan("nation").filter(col("n_name").is_in(["FRANCE", "GERMANY"]))
    suppliers = scan("supplier").join(nations, left_on="s_nationkey", right_on="n_nationkey")
    customers = scan("customer").join(nations, left_on="c_nationkey", right_on="n_nationkey")
    items = scan("lineitem").filter(col("l_shipdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
    orders = customers.join(scan("orders"), left_on="c_custkey", right_on="o_custkey")
    return (
        suppliers.join(items, left_on="s_suppkey", right_on="l_suppkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey", suffix="_of_customer")
        .filter(col("n_name") != col("n_name_of_customer"))
        .group_by("n_name", "n_name_of_customer", col("l_shipdate").dt.year().alias("l_year"))
        .agg(VOLUME.sum().alias("revenue"))
        .sort("n_name", "n_name_of_customer", "l_year")
    )


def q8(scan):
    nations = nations_of(scan, "AMERICA")
    parts = scan("part").filter(col("p_type") == "ECONOMY ANODIZED STEEL")
    orders = scan("orders").filter(col("o_orderdate").is_between(date(1995, 1, 1), date(1996, 12, 31)))
    customers = scan("customer").join(nations, left_on="c_nationkey", right_on="n_nationkey", how="semi")
    suppliers = scan("supplier").join(scan("nation"), left_on="s_nationkey", right_on="n_nationkey")
    brazilian = VOLUME.filter(col("n_name") == "BRAZIL")
    return (
        parts.join(scan("lineitem"), left_on="p_partkey", right_on="l_partkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .join(customers, left_on="o_custkey", right_on="c_custkey", how="semi")
        .join(suppliers, left_on="l_suppkey", right_on="s_suppkey")
        .group_by(col("o_orderdate").dt.year().alias("o_year"))
        .agg((brazilian.sum() / VOLUME.sum()).alias("mkt_share"))
        .sort("o_year")
    )


def q9(scan):
    parts = scan("part").filter(col("p_name").str.contains("green", literal=True))
    # Joining the items with all offers and not only with those of green parts took six times as long.
    offers = scan("partsupp").join(parts, left_on="ps_partkey", right_on="p_partkey", how="semi")
    suppliers = scan("supplier").join(scan("nation"), left_on="s_nationkey", right_on="n_nationkey")
    amount = VOLUME - f64("ps_supplycost") * f64("l_quantity")
    return (
        offers.join(scan("lineitem"), left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .join(suppliers, left_on="ps_suppkey", right_on="s_suppkey")
        .join(scan("orders"), left_on="l_orderkey", right_on="o_orderkey")
        .group_by("n_name", col("o_orderdate").dt.year().alias("o_year"))
        .agg(amount.sum().alias("sum_profit"))
        .sort("n_name", "o_year", descending=[False, True])
    )


def q10(scan):
    orders = scan("orders").filter(col("o_orderdate").is_between(date(1993, 10, 1), date(1994, 1, 1), closed="left"))
    items = scan("lineitem").filter(col("l_returnflag") == "R")
    # The key of a customer determines the other columns; grouping by all of them took 1.5 times as long.
    revenues = (
        orders.join(items, left_on="o_orderkey", right_on="l_orderkey")
        .group_by("o_custkey")
        .agg(VOLUME.sum().alias("revenue"))
    )
    return (
        scan("customer")
        .join(revenues, left_on="c_custkey", right_on="o_custkey")
        .join(scan("nation"), left_on="c_nationkey", right_on="n_nationkey")
        .select("c_custkey", "c_name", "revenue", "c_acctbal", "n_name", "c_address", "c_phone", "c_comment")
        .top_k(20, by="revenue")
        .sort("revenue", descending=True)
    )


def q11(scan):
    return (
        scan("partsupp")
        .join(suppliers_of(scan, "GERMANY"), left_on="ps_suppkey", right_on="s_suppkey", how="semi")
        .group_by("ps_partkey")
        .agg((f64("ps_supplycost") * col("ps_availqty")).sum().alias("value"))
        .filter(col("value") > col("value").sum() * 0.0001)
        .sort("value", descending=True)
    )


def q12(scan):
    items = scan("lineitem").filter(
        # Slightly faster than is_in.
        (col("l_shipmode") == "MAIL") | (col("l_shipmode") == "SHIP"),
        col("l_receiptdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"),
        col("l_commitdate") < col("l_receiptdate"),
        col("l_shipdate") < col("l_commitdate"),
    )
    high = col("o_orderpriority").is_in(["1-URGENT", "2-HIGH"])
    return (
        items.join(scan("orders"), left_on="l_orderkey", right_on="o_orderkey")
        .group_by("l_shipmode")
        .agg(high.sum().alias("high_line_count"), (~high).sum().alias("low_line_count"))
        .sort("l_shipmode")
    )


def q13(scan):
    # Counted before the join: joining every order took 1.2 times as long.
    counts = (
        scan("orders")
        .filter(~col("o_comment").str.contains("special.*requests"))
        .group_by("o_custkey")
        .agg(pl.len().alias("c_count"))
    )
    return (
        scan("customer")
        .join(counts, left_on="c_custkey", right_on="o_custkey", how="left")
        .group_by(col("c_count").fill_null(0))
        .agg(pl.len().alias("custdist"))
        .sort("custdist", "c_count", descending=True)
    )


def q14(scan):
    promoted = VOLUME.filter(col("p_type").str.starts_with("PROMO"))
    return (
        scan("lineitem")
        .filter(col("l_shipdate").is_between(date(1995, 9, 1), date(1995, 10, 1), closed="left"))
        .join(scan("part"), left_on="l_partkey", right_on="p_partkey")
        .select(100 * promoted.sum() / VOLUME.sum())
    )


def q15(scan):
    best = (
        scan("lineitem")
        .filter(col("l_shipdate").is_between(date(1996, 1, 1), date(1996, 4, 1), closed="left"))
        .group_by("l_suppkey")
        .agg(VOLUME.sum().alias("total_revenue"))
        .filter(col("total_revenue") == col("total_revenue").max())
    )
    return (
        scan("supplier")
        .join(best, left_on="s_suppkey", right_on="l_suppkey")
        .select("s_suppkey", "s_name", "s_address", "s_phone", "total_revenue")
        .sort("s_suppkey")
    )


def q16(scan):
    parts = scan("part").filter(
        col("p_brand") != "Brand#45",
        ~col("p_type").str.starts_with("MEDIUM POLISHED"),
        col("p_size").is_in([49, 14, 23, 45, 19, 3, 36, 9]),
    )
    complained_of = scan("supplier").filter(col("s_comment").str.contains("Customer.*Complaints"))
    return (
        parts.join(scan("partsupp"), left_on="p_partkey", right_on="ps_partkey")
        .join(complained_of, left_on="ps_suppkey", right_on="s_suppkey", how="anti")
        .group_by("p_brand", "p_type", "p_size")
        .agg(pl.n_unique("ps_suppkey").alias("supplier_cnt"))
        .sort("supplier_cnt", "p_brand", "p_type", "p_size", descending=[True, False, False, False])
    )


def q17(scan):
    parts = scan("part").filter(col("p_brand") == "Brand#23", col("p_container") == "MED BOX")
    return (
        scan("lineitem")
        .join(parts, left_on="l_partkey", right_on="p_partkey", how="semi")
        .select("l_partkey", quantity=f64("l_quantity"), price=f64("l_extendedprice"))
        .filter(col("quantity") < 0.2 * pl.mean("quantity").over("l_partkey"))
        .select(pl.sum("price") / 7)
    )


def q18(scan):
    # An order's quantity is summed once, as its key is unique; joining its items again was not faster.
    large = (
        scan("lineitem")
        .group_by("l_orderkey")
        .agg(f64("l_quantity").sum().alias("quantity"))
        .filter(col("quantity") > 300)
    )
    orders = scan("orders").join(large, left_on="o_orderkey", right_on="l_orderkey")
    return (
        scan("customer")
        .join(orders, left_on="c_custkey", right_on="o_custkey")
        .select("c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "quantity")
        .top_k(100, by=["o_totalprice", "o_orderdate"], reverse=[False, True])
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
    )


def q19(scan):
    items = scan("lineitem").filter(
        col("l_shipmode").is_in(["AIR", "AIR REG"]), col("l_shipinstruct") == "DELIVER IN PERSON"
    )

    def wanted(brand, containers, least, largest):
        return (
            (col("p_brand") == brand)
            & col("p_container").is_in(containers)
            & col("l_quantity").is_between(least, least + 10)
            & col("p_size").is_between(1, largest)
        )

    # Polars derives filters of the parts and of the items from this one; explicit filters took slightly longer.
    return (
        scan("part")
        .join(items, left_on="p_partkey", right_on="l_partkey")
        .filter(
            wanted("Brand#12", ["SM CASE", "SM BOX", "SM PACK", "SM PKG"], 1, 5)
            | wanted("Brand#23", ["MED BAG", "MED BOX", "MED PKG", "MED PACK"], 10, 10)
            | wanted("Brand#34", ["LG CASE", "LG BOX", "LG PACK", "LG PKG"], 20, 15)
        )
        .select(VOLUME.sum())
    )


def q20(scan):
    parts = scan("part").filter(col("p_name").str.starts_with("forest"))
    # Joining the offers with the items before summing took four times as long.
    shipped = (
        scan("lineitem")
        .filter(col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"))
        .join(parts, left_on="l_partkey", right_on="p_partkey", how="semi")
        .group_by("l_partkey", "l_suppkey")
        .agg(f64("l_quantity").sum().alias("quantity"))
    )
    surplus = (
        scan("partsupp")
        .join(shipped, left_on=["ps_partkey", "ps_suppkey"], right_on=["l_partkey", "l_suppkey"])
        .filter(col("ps_availqty") > 0.5 * col("quantity"))
    )
    return (
        suppliers_of(scan, "CANADA")
        .join(surplus, left_on="s_suppkey", right_on="ps_suppkey", how="semi")
        .select("s_name", "s_address")
        .sort("s_name")
    )


def q21(scan):
    is_late = col("l_receiptdate") > col("l_commitdate")
    orders = scan("orders").filter(col("o_orderstatus") == "F")
    waiting = (
        suppliers_of(scan, "SAUDI ARABIA")
        .join(scan("lineitem").filter(is_late), left_on="s_suppkey", right_on="l_suppkey")
        .join(orders, left_on="l_orderkey", right_on="o_orderkey", how="semi")
        .select("s_name", "l_orderkey")
    )
    # An order has several suppliers if the least and the greatest differ; counting them with n_unique took longer.
    supplier, late_supplier = col("l_suppkey"), col("l_suppkey").filter(is_late)
    blamed = (
        scan("lineitem")
        .join(waiting, on="l_orderkey", how="semi")
        .group_by("l_orderkey")
        .agg(
            (supplier.min() != supplier.max()).alias("several"),
            (late_supplier.min() == late_supplier.max()).alias("one_late"),
        )
        .filter("several", "one_late")
    )
    return (
        waiting.join(blamed, on="l_orderkey", how="semi")
        .group_by("s_name")
        .agg(pl.len().alias("numwait"))
        .top_k(100, by=["numwait", "s_name"], reverse=[False, True])
        .sort("numwait", "s_name", descending=[True, False])
    )


def q22(scan):
    balance = col("balance")
    return (
        scan("customer")
        .select("c_custkey", cntrycode=col("c_phone").str.head(2), balance=f64("c_acctbal"))
        .filter(col("cntrycode").is_in(["13", "31", "23", "29", "30", "18", "17"]))
        .filter(balance > balance.filter(balance > 0).mean())
        .join(scan("orders"), left_on="c_custkey", right_on="o_custkey", how="anti")
        .group_by("cntrycode")
        .agg(pl.len().alias("numcust"), balance.sum().alias("totacctbal"))
        .sort("cntrycode")
    )
