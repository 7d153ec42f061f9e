"""Polars with its streaming engine."""

from datetime import date
from decimal import Decimal

import polars as pl
from polars import col


def cases(options):
    if options.suite == "word_count":
        return {"word_count": (lambda: collect(word_count(options.text)), pl.DataFrame.iter_rows)}

    def scan(table):
        return pl.scan_parquet(f"{options.tpch}/{table}.parquet")

    queries = {"q1": q1, "q3": q3, "q6": q6}
    return {name: (lambda query=query: collect(query(scan)), pl.DataFrame.iter_rows) for name, query in queries.items()}


def collect(query):
    return query.collect(engine="streaming")


def word_count(path):
    # The quickest of those tried: scan_csv with one column, explode inside select and extract_all all took longer.
    return pl.scan_lines(path).select(col("line").str.split(" ")).explode("line").group_by("line").agg(pl.len())


# Decimals are cast to floats, as users of Polars do: its decimal arithmetic is several times slower.
def f64(name):
    return col(name).cast(pl.Float64)


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


def q3(scan):
    customers = scan("customer").filter(col("c_mktsegment") == "BUILDING")
    orders = scan("orders").filter(col("o_orderdate") < date(1995, 3, 15))
    items = scan("lineitem").filter(col("l_shipdate") > date(1995, 3, 15))
    return (
        customers.join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(items, left_on="o_orderkey", right_on="l_orderkey")
        .group_by("o_orderkey", "o_orderdate", "o_shippriority")
        .agg((f64("l_extendedprice") * (1 - f64("l_discount"))).sum().alias("revenue"))
        .select("o_orderkey", "revenue", "o_orderdate", "o_shippriority")
        .top_k(10, by=["revenue", "o_orderdate"], reverse=[False, True])
        .sort("revenue", "o_orderdate", descending=[True, False])
    )


def q6(scan):
    # The bounds compare as decimals: exact, and a little quicker than as floats.
    return (
        scan("lineitem")
        .filter(
            col("l_shipdate").is_between(date(1994, 1, 1), date(1995, 1, 1), closed="left"),
            col("l_discount").is_between(Decimal("0.05"), Decimal("0.07")),
            col("l_quantity") < 24,
        )
        .select((f64("l_extendedprice") * f64("l_discount")).sum())
    )
